"""The search for allocations: who proposes trials, what is believed of stages, what is reported."""

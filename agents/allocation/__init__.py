"""Search for allocations: proposers of trials, beliefs about stages, and reports."""

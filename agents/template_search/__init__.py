"""Search the settings of program templates, and fit one schedule over β through the best.

A template is a Rheo program with free knobs. Each of its rules can be switched off by a knob, so
that a template is a family of controllers. The search draws settings, races them, and refines a
path through the knobs from the lowest to the highest cost.
"""

"""Evaluation over whole recordings: figures, confidence intervals, curves."""

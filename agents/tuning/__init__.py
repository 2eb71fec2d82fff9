"""Fit the constants of a schedule, whichever proposer wrote its structure."""

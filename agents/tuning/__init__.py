"""Tuning: fits the constants of a schedule, whoever proposed the structure."""

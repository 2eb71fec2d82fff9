"""Requests of runs, from the options of a command or of the Python interface."""

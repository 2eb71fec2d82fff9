"""Pipelines: tasks made of stages, declared in a file, and trials that were recorded."""

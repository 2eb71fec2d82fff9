"""Benchmark proposers on simulated pipelines: run, tabulate, plot."""

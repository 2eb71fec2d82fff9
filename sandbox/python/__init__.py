"""Python controllers: their allowed syntax, their functions, and how they play an episode.

This package, `sandbox.worker` and parts of `dsl` are the only code of the project in a container,
so they know neither recordings nor the harness.
"""

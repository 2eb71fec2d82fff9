"""Controllers in Python: what they may say, what they may call, how they play an episode.

This package and `sandbox.worker` are all of the project's code, besides parts of `dsl`, that goes
into a container. So it knows neither recordings nor the harness.
"""

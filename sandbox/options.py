"""The old path of `sandbox.commands.options`, for installations that are older than the move."""

from sandbox.commands.options import unsafe_no_docker

__all__ = ["unsafe_no_docker"]

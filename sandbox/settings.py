"""The settings of the sandbox: the section ``[sandbox]``."""

from typing import Annotated, Literal

import msgspec

from sandbox.image import NAME


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where controllers in Python are played, and what they may use."""

    wall: Literal["docker", "process"] = "docker"
    """``process`` plays them as plain processes, for controllers of one's own alone."""
    image: str = NAME
    workers: Annotated[int, msgspec.Meta(ge=1)] = 1
    """For each process that plays; ``--threads`` says how many of those there are."""
    runtime: str = ""
    """The engine's runtime, such as ``runsc``; empty for its default."""
    memory: Annotated[int, msgspec.Meta(ge=64)] = 256
    """MiB for each worker."""
    seconds: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    """Of processor time between two verbs of an episode."""

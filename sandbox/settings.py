"""The settings of the sandbox: the section ``[sandbox]``."""

from typing import Annotated, Literal

import msgspec

from sandbox.image import NAME


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where Python controllers are played, and their limits."""

    wall: Literal["docker", "process"] = "docker"
    """``process`` plays them as plain processes, for your own controllers only."""
    image: str = NAME
    workers: Annotated[int, msgspec.Meta(ge=1)] = 1
    """Processors per worker; ``--threads`` sets the number of workers."""
    runtime: str = ""
    """Container runtime, such as ``runsc``; empty for the engine's default."""
    memory: Annotated[int, msgspec.Meta(ge=64)] = 256
    """Memory limit per worker, in MiB."""
    seconds: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    """Limit of processor time between two verbs of an episode, in seconds."""

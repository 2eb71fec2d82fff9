"""The settings of agents: the section ``[agent]``."""

from typing import Annotated

import msgspec

Mebibytes = Annotated[int, msgspec.Meta(ge=16)]


class AgentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the proposer ``command`` runs its agents in, and what they may use there."""

    image: str = ""
    """The image of their container; empty for none: they run with the rights of the user."""
    network: str = "none"
    """The engine's network that they are in."""
    env: list[str] = []
    """The variables that they are given, by name."""
    runtime: str = ""
    """The engine's runtime; empty for its default."""
    memory: Mebibytes = 2048
    """MiB, /tmp and swap included."""
    scratch: Mebibytes = 256
    """MiB of /tmp."""
    processes: Annotated[int, msgspec.Meta(ge=1)] = 512
    """Threads are counted as well."""
    processors: Annotated[float, msgspec.Meta(gt=0)] = 1.0

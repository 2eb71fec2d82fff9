"""Settings of agents: the section ``[agent]``."""

from typing import Annotated

import msgspec

Mebibytes = Annotated[int, msgspec.Meta(ge=16)]


class AgentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Containers of the agents of the proposer ``command``, and their resource limits."""

    image: str = ""
    """Image of the container; empty to run agents with the permissions of the user."""
    network: str = "none"
    """Docker network of the container."""
    env: list[str] = []
    """Names of the environment variables that are passed to the container."""
    runtime: str = ""
    """Runtime of the engine; empty for its default."""
    memory: Mebibytes = 2048
    """Memory in MiB, including /tmp and swap."""
    scratch: Mebibytes = 256
    """Size of /tmp in MiB."""
    processes: Annotated[int, msgspec.Meta(ge=1)] = 512
    """Maximum number of processes and threads."""
    processors: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    """Number of processors; may be a fraction."""

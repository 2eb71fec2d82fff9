"""An engine for agents in containers."""

from tests.docker_engine import client, docker_host, image

__all__ = ["client", "docker_host", "image"]

"""A Docker engine for the tests that need one: the one that runs, or one of their own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import ExternalError
from sandbox.host.connection import connect
from sandbox.image_builder.build import LEFT_OUT, build_from_host

if TYPE_CHECKING:
    from docker import DockerClient

ENGINE = Path(__file__).parents[1] / ".ci" / "engine"
IMAGE = "rheostat-sandbox-test:latest"


@pytest.fixture(scope="session")
def docker_host() -> Iterator[str]:
    """Where an engine listens. One that is named must answer; without one, one is started."""
    if "DOCKER_HOST" in os.environ:
        yield os.environ["DOCKER_HOST"]
        return
    try:
        connect().close()
    except ExternalError:
        pass
    else:
        yield "unix:///var/run/docker.sock"
        return
    if shutil.which("dockerd") is None:
        pytest.skip("no Docker engine runs, and none is installed: apt-get install docker.io")
    if os.geteuid() != 0:
        pytest.skip("no Docker engine runs, and only root can start one")
    folder = tempfile.mkdtemp()
    try:
        subprocess.run([ENGINE, "start", folder], check=True, timeout=120)
        yield f"unix://{folder}/docker.sock"
    finally:
        subprocess.run([ENGINE, "stop", folder], check=True, timeout=120)


@pytest.fixture(scope="session")
def client(docker_host: str) -> Iterator["DockerClient"]:
    """A client of the engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", docker_host)
        client = connect()
    yield client
    client.close()


@pytest.fixture(scope="session")
def image(client: "DockerClient") -> Iterator[str]:
    """The image made of this interpreter, with what attackers would wish for and do not find."""
    left_out = [pattern for pattern in LEFT_OUT if pattern != "_ctypes*"]
    build_from_host(client, IMAGE, left_out)
    yield IMAGE
    client.images.remove(IMAGE, force=True)

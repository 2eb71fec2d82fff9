"""A Docker engine for the tests that need one: the one that runs, or one of their own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.engines.choose import foreign_engine
from harness.errors import SurroundingsError
from sandbox.host.connection import connect
from sandbox.host.container import ContainerPlace
from sandbox.image.from_host import LEFT_OUT, build_from_host
from sandbox.library import text
from store.environment import save
from store.simulate import Benchmark, Reasoner, simulate

if TYPE_CHECKING:
    from docker import DockerClient

ENGINE = Path(__file__).parents[2] / ".ci" / "engine"
IMAGE = "rheostat-sandbox-test:latest"


@pytest.fixture(scope="session")
def docker_host() -> Iterator[str]:
    """Where an engine listens. One that is named must answer; without one, one is started."""
    if "DOCKER_HOST" in os.environ:
        yield os.environ["DOCKER_HOST"]
        return
    try:
        connect().close()
    except SurroundingsError:
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


@pytest.fixture
def place(client: "DockerClient", image: str) -> ContainerPlace:
    """Where workers run."""
    return ContainerPlace(image, client=client)


@pytest.fixture
def python_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with a recording and a controller, where workers are plain processes."""
    monkeypatch.setenv("RHEOSTAT_SANDBOX_WALL", "process")
    reasoner = Reasoner("one", skill=0.5, verbosity=1.0, noise=0.1, drift=0.1)
    save(simulate(reasoner, Benchmark("bench", 3, 8)), home / "one.recording")
    (home / "mine.py").write_text(text("cmc"))
    yield home
    if foreign_engine.cache_info().currsize:
        foreign_engine("sandbox").close()
        foreign_engine.cache_clear()

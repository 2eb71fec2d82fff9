"""Download an image's packages for its base image; the build itself has no network."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.errors import ExternalError
from sandbox.host.container_base import BASE, remove_container, this_process
from sandbox.image.contents import list_requirements
from store.decode_errors import DECODE_ERRORS

if TYPE_CHECKING:
    from docker import DockerClient

_SECONDS = 60
"""Timeout for the version query of an interpreter on a busy machine."""

_ASK = """
import json, platform, sys, sysconfig
suffix = sysconfig.get_config_var("EXT_SUFFIX") or ""
print(json.dumps({"version": "%d.%d" % sys.version_info[:2], "machine": platform.machine(),
                  "libc": "musl" if "musl" in suffix else "glibc"}))
"""

_PLATFORMS = {
    "glibc": ("manylinux_2_28", "manylinux_2_27", "manylinux_2_24", "manylinux2014",
              "manylinux_2_17"),
    "musl": ("musllinux_1_2", "musllinux_1_1"),
}  # fmt: skip
"""Platform tags of the wheels that a system can load, without the machine."""


class BaseImagePython(msgspec.Struct, frozen=True):
    """The Python of a base image."""

    version: str
    """``3.13``."""
    machine: str
    """``x86_64``."""
    libc: str


def detect_python(client: "DockerClient", base: str) -> BaseImagePython:
    """Detect the Python of a base image.

    Raises:
        ExternalError: The image does not exist, or has no Python.
    """
    import docker.errors

    try:
        container = client.containers.create(
            base, ["-c", _ASK], entrypoint="python3", network_mode="none",
            labels=this_process().labels(BASE),
        )  # fmt: skip
        try:
            container.start()
            container.wait(timeout=_SECONDS)
            return msgspec.json.decode(container.logs(stdout=True), type=BaseImagePython)
        finally:
            remove_container(container)
    except docker.errors.ImageNotFound as problem:
        raise ExternalError(
            f"no image {base}, locally or in a reachable registry",
            hint="without a registry: `rheostat sandbox build --from-host`",
        ) from problem
    except (docker.errors.DockerException, *DECODE_ERRORS) as problem:
        words = " ".join(str(problem).split())
        raise ExternalError(f"the image {base} has no python3 that runs: {words}") from problem


def install_wheels(target: Path, wanted: BaseImagePython) -> None:
    """Download the packages as wheels for an interpreter, and unpack them.

    Args:
        target: Directory to unpack into.
        wanted: Interpreter of the image.

    Raises:
        ExternalError: The packages cannot be downloaded.
    """
    names = [f"{name}_{wanted.machine}" for name in _PLATFORMS[wanted.libc]]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                "--only-binary=:all:", "--disable-pip-version-check",
                "--implementation", "cp", "--python-version", wanted.version,
                *(word for name in names for word in ("--platform", name)),
                "--dest", folder, *list_requirements(),
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            words = (done.stderr.strip().splitlines() or ["no output from pip"])[-1]
            raise ExternalError(
                f"the worker's packages cannot be downloaded for Python {wanted.version}: {words}",
                hint="without a package index: `rheostat sandbox build --from-host`",
            )
        for wheel in sorted(Path(folder).glob("*.whl")):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(target)

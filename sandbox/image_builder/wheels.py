"""The packages of an image on a base, fetched here: the build itself has no network."""

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

if TYPE_CHECKING:
    from docker import DockerClient

_SECONDS = 60
"""What an interpreter under load may take to say who it is."""

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
"""The names of platforms whose wheels a system can load, but for the machine's."""


class BaseImagePython(msgspec.Struct, frozen=True):
    """The Python of a base image."""

    version: str
    """``3.13``."""
    machine: str
    """``x86_64``."""
    libc: str


def detect_python(client: "DockerClient", base: str) -> BaseImagePython:
    """What Python a base image has.

    Raises:
        ExternalError: there is no such image, or no Python in it.
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
            f"there is no image {base}, here or in a registry that can be reached",
            hint="without a registry: `rheostat sandbox build --from-host`",
        ) from problem
    except (docker.errors.DockerException, msgspec.DecodeError) as problem:
        words = " ".join(str(problem).split())
        raise ExternalError(f"the image {base} has no python3 that runs: {words}") from problem


def install_wheels(target: Path, wanted: BaseImagePython) -> None:
    """Fetches the packages as wheels for an interpreter, and unpacks them.

    Args:
        target: the directory that they are unpacked into.
        wanted: the interpreter.

    Raises:
        ExternalError: they cannot be fetched.
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
            words = (done.stderr.strip().splitlines() or ["pip says nothing"])[-1]
            raise ExternalError(
                f"the worker's packages cannot be fetched for Python {wanted.version}: {words}",
                hint="where no package index can be reached: `rheostat sandbox build --from-host`",
            )
        for wheel in sorted(Path(folder).glob("*.whl")):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(target)

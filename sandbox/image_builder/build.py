"""Build the worker's image, on a base image or from the running interpreter.

`build_on_base` uses a Dockerfile; the build itself has no network. `build_from_host` needs no
registry: it copies the standard library of the running interpreter, except modules that a worker
never uses, and the shared libraries that the system's loader reports. That image has no shell and
no tools to write files.
"""

import io
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ExternalError
from sandbox.image import BASE, DIGEST_LABEL, BuiltImage
from sandbox.image.contents import copy_project_files, digest
from sandbox.image_builder.wheels import detect_python, install_wheels

if TYPE_CHECKING:
    from docker import DockerClient
import compileall
import json
import os
import py_compile
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sandbox.host.connection import connect, engine_errors
from sandbox.image import HOME, PYTHON_LABEL
from sandbox.image.contents import copy_packages


def build_on_base(client: "DockerClient", name: str, base: str = BASE) -> BuiltImage:
    """Build the image on a base image.

    Args:
        client: Connection to the Docker engine.
        name: Name of the image to build.
        base: Name of the image to build on; it must have ``python3``.

    Raises:
        ExternalError: The build failed, with its last output; or the base image does not exist, or
            the packages cannot be downloaded.
    """
    import docker.errors

    with tempfile.TemporaryDirectory() as folder:
        install_wheels(Path(folder, "packages"), detect_python(client, base))
        context = _packed(_context(Path(folder)))
    try:
        image, _ = client.images.build(
            fileobj=context,
            custom_context=True,
            tag=name,
            buildargs={"BASE": base},
            labels={DIGEST_LABEL: digest()},
            network_mode="none",
            rm=True,
            forcerm=True,
        )
    except (docker.errors.BuildError, docker.errors.APIError) as problem:
        words = _last_words(problem)
        raise ExternalError(
            f"the image could not be built on {base}: {words}",
            hint="without a registry: `rheostat sandbox build --from-host`",
        ) from problem
    return BuiltImage(str(image.id), int(image.attrs["Size"]))


def _last_words(problem: Exception) -> str:
    """Return the last line of a failed step's output, if there is any."""
    log = [str(entry.get("stream", "")) for entry in getattr(problem, "build_log", ())]
    lines = [line for line in "".join(log).strip().splitlines() if "intermediate" not in line]
    message = f"{problem}: {lines[-1]}" if lines else str(problem)
    return " ".join(message.split())


def _context(folder: Path) -> Path:
    shutil.copyfile(Path(__file__).with_name("Dockerfile"), folder / "Dockerfile")
    copy_project_files(folder / "ours")
    return folder


def _packed(folder: Path) -> io.BytesIO:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(folder, ".")
    packed.seek(0)
    return packed


LEFT_OUT = (
    "__pycache__", "config-*", "distutils", "ensurepip", "idlelib", "lib2to3", "pydoc_data",
    "site-packages", "dist-packages", "test", "tests", "tkinter", "turtledemo", "venv", "*.a",
    # Modules that call native code, and libraries that only these need.
    "_ctypes*", "_tkinter*", "_sqlite3*", "_curses*", "_dbm*", "_gdbm*", "_ssl*", "_hashlib*",
    "readline*", "nis*", "ossaudiodev*", "_crypt*", "_test*", "xx*",
)  # fmt: skip
"""Name patterns of the standard library that the image omits."""


def build_from_host(
    client: "DockerClient", name: str, left_out: Sequence[str] = LEFT_OUT
) -> BuiltImage:
    """Build the image from the running interpreter.

    Args:
        client: Container engine.
        name: Name of the image.
        left_out: Name patterns of the standard library to omit.

    Raises:
        ExternalError: The interpreter cannot be copied, or the engine rejects the image.
    """
    import docker.errors

    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        python = _put_interpreter(tree, shutil.ignore_patterns(*left_out))
        packed = Path(folder, "image.tar")
        with tarfile.open(packed, "w") as archive:
            archive.add(tree, ".", filter=_plain)
        repository, _, tag = name.partition(":")
        try:
            with packed.open("rb") as data:
                client.api.import_image_from_data(
                    data, repository, tag or "latest", changes=_changes(python)
                )
            image = client.images.get(name)
        except (docker.errors.APIError, docker.errors.ImageNotFound) as problem:
            words = " ".join(str(problem).split())
            raise ExternalError(f"the engine rejects the image: {words}") from problem
    return BuiltImage(str(image.id), int(image.attrs["Size"]))


def _put_interpreter(tree: Path, ignore: Callable[[Any, list[str]], set[str]]) -> str:
    """Copy interpreter, libraries and worker into a directory; return the interpreter's path."""
    home = tree / HOME.lstrip("/")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    library = home / "lib" / version
    shutil.copytree(sysconfig.get_path("stdlib"), library, ignore=ignore)
    dynamic = sysconfig.get_config_var("DESTSHARED")
    if dynamic and not (library / "lib-dynload").is_dir():
        shutil.copytree(dynamic, library / "lib-dynload", ignore=ignore)
    copy_packages(library / "site-packages")
    copy_project_files(library / "site-packages")
    python = home / "bin" / version
    python.parent.mkdir(parents=True)
    shutil.copyfile(Path(sys.executable).resolve(), python)
    python.chmod(0o755)
    _put_libraries(tree, [python, *library.rglob("*.so")])
    compileall.compile_dir(
        library, quiet=2, stripdir=str(tree), prependdir="/", workers=0,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )  # fmt: skip
    for needed in ("tmp", "proc", "sys", "dev", "etc"):
        (tree / needed).mkdir(exist_ok=True)
    # What is mounted there takes this mode over.
    (tree / "tmp").chmod(0o1777)
    return f"{HOME}/bin/{version}"


def _put_libraries(tree: Path, programs: Iterable[Path]) -> None:
    """Copy the shared libraries that programs load, and the loader to its fixed path."""
    shelf = tree / HOME.lstrip("/") / "lib" / "native"
    shelf.mkdir(parents=True)
    for name, path in _libraries(programs).items():
        destination = tree / name.lstrip("/") if name.startswith("/") else shelf / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, destination)
        destination.chmod(0o755)


def _libraries(programs: Iterable[Path]) -> dict[str, str]:
    """Return shared libraries by load name; for the loader, by its path."""
    # A copied program cannot find the libraries next to its original.
    beside = str(sysconfig.get_config_var("LIBDIR") or "")
    try:
        listing = subprocess.run(
            ["ldd", *map(str, programs)],
            env={"PATH": os.environ.get("PATH", os.defpath), "LD_LIBRARY_PATH": beside},
            capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip
    except FileNotFoundError:
        raise ExternalError(
            "this system has no `ldd`, so the interpreter's libraries are not known",
            hint="build on a base image: `rheostat sandbox build`",
        ) from None
    named = dict(re.findall(r"^\s+(\S+) => (/\S+)", listing, re.MULTILINE))
    loaders = re.findall(r"^\s+(/\S+) \(0x", listing, re.MULTILINE)
    return {**named, **{loader: loader for loader in loaders}}


def _changes(python: str) -> list[str]:
    environment = f"LD_LIBRARY_PATH={HOME}/lib/native PYTHONHOME={HOME}"
    return [
        f"ENV {environment}",
        f"ENTRYPOINT {json.dumps([python])}",
        "USER 65534:65534",
        "WORKDIR /",
        f"LABEL {DIGEST_LABEL}={digest()} {PYTHON_LABEL}={python}",
    ]


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Normalise an archive member: no owner, so equal contents give equal archives."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member


def build_image(name: str, base: str | None) -> BuiltImage:
    """Build the image, on a base image or from this interpreter.

    Args:
        name: Name of the image.
        base: Base image; ``None`` uses this interpreter.

    Raises:
        ExternalError: There is no engine, or the build fails.
    """
    client = connect()
    with engine_errors():
        return build_from_host(client, name) if base is None else build_on_base(client, name, base)

"""The worker's image, built on a base image by a Dockerfile."""

import io
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import SurroundingsError
from sandbox.image import BASE, DIGEST_LABEL, Built
from sandbox.image.contents import digest, put_ours
from sandbox.image.wheels import interpreter_of, put_wheels

if TYPE_CHECKING:
    from docker import DockerClient


def build(client: "DockerClient", name: str, base: str = BASE) -> Built:
    """Builds the image.

    Raises:
        SurroundingsError: the engine could not build it, with its last words; or there is no such
            base, or the packages cannot be fetched.
    """
    import docker.errors

    with tempfile.TemporaryDirectory() as folder:
        put_wheels(Path(folder, "packages"), interpreter_of(client, base))
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
        raise SurroundingsError(
            f"the image could not be built on {base}: {words}",
            hint="without a registry: `rheostat sandbox build --from-host`",
        ) from problem
    return Built(str(image.id), int(image.attrs["Size"]))


def _last_words(problem: Exception) -> str:
    """What a failed step printed last, where it printed anything."""
    log = [str(each.get("stream", "")) for each in getattr(problem, "build_log", ())]
    lines = [each for each in "".join(log).strip().splitlines() if "intermediate" not in each]
    said = f"{problem}: {lines[-1]}" if lines else str(problem)
    return " ".join(said.split())


def _context(folder: Path) -> Path:
    shutil.copyfile(Path(__file__).with_name("Dockerfile"), folder / "Dockerfile")
    put_ours(folder / "ours")
    return folder


def _packed(folder: Path) -> io.BytesIO:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(folder, ".")
    packed.seek(0)
    return packed

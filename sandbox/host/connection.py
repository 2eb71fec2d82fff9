"""Connect to the Docker engine, or explain what is missing."""

import contextlib
import os
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.errors import ExternalError
from sandbox.image import DIGEST_LABEL
from sandbox.image.contents import digest

if TYPE_CHECKING:
    from docker import DockerClient

SOCKET = "/var/run/docker.sock"
"""Default socket of the engine."""

SECONDS = 60
"""Request timeout for an engine on a busy machine, in seconds."""


def connect() -> "DockerClient":
    """Connect to the engine at ``DOCKER_HOST`` or the default socket.

    Raises:
        ExternalError: There is no engine, or it does not answer.
    """
    import docker
    import docker.errors
    import requests

    _knock()
    try:
        client = docker.from_env(timeout=SECONDS)
        client.ping()
    except (docker.errors.DockerException, requests.exceptions.RequestException) as problem:
        raise _unreached(_innermost(problem)) from problem
    return client


@contextlib.contextmanager
def engine_errors() -> Iterator[None]:
    """Convert engine errors to messages, for a block.

    Raises:
        ExternalError: The engine does not answer, or refuses a request.
    """
    import docker.errors
    import requests

    try:
        yield
    except docker.errors.APIError as problem:
        words = " ".join(str(problem.explanation or problem).split())
        raise ExternalError(f"the Docker engine reports an error: {words}") from problem
    except (docker.errors.DockerException, requests.exceptions.RequestException) as problem:
        raise ExternalError(
            f"the Docker engine no longer responds: {_innermost(problem)}",
            hint="start Docker again and repeat the command; it continues from stored results",
        ) from problem


def _knock() -> None:
    """Check that the engine listens, and raise the system's own error if not."""
    scheme, _, address = os.environ.get("DOCKER_HOST", f"unix://{SOCKET}").partition("://")
    if scheme != "unix":
        raise _unreached(f"{scheme}://{address} is not a socket of this machine")
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(address)
        except OSError as problem:
            words = (problem.strerror or str(problem)).lower()
            raise _unreached(f"{address}: {words}") from problem


def _unreached(words: str) -> ExternalError:
    return ExternalError(
        f"cannot connect to a Docker engine: {words}",
        hint="start Docker, or set DOCKER_HOST to the socket of a running engine;"
        " `rheostat explain sandbox` describes how to run your own",
    )


def require_image(client: "DockerClient", name: str) -> str:
    """Return the ID of an image whose worker is of this version.

    Raises:
        ExternalError: There is no such image.
    """
    import docker.errors

    try:
        with engine_errors():
            image = client.images.get(name)
    except ExternalError as problem:
        if not isinstance(problem.__cause__, docker.errors.ImageNotFound):
            raise
        raise ExternalError(
            f"the engine has no image {name}",
            hint="build it with `rheostat sandbox build`, or `rheostat sandbox build"
            " --from-host` without a registry",
        ) from None
    if image.labels.get(DIGEST_LABEL) != digest():
        raise ExternalError(
            f"the image {name} contains the worker of another version of rheostat",
            hint="rebuild it with `rheostat sandbox build`, or with --from-host",
        )
    return str(image.id)


def _innermost(problem: BaseException) -> str:
    """Return the root cause, which has the system's own message."""
    while problem.__cause__ is not None or problem.__context__ is not None:
        below = problem.__cause__ or problem.__context__
        assert below is not None
        problem = below
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror.lower()
    return " ".join(str(problem).split()) or type(problem).__name__

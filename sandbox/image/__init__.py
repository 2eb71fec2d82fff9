"""The image that workers run in: an interpreter, three packages and the worker.

`sandbox.image_builder` builds it on a base image or from this interpreter. `sandbox.image.contents`
lists the project's own files in it. Their digest is a label of the image, so a worker of another
version is never started.
"""

from typing import NamedTuple

NAME = "rheostat-sandbox:latest"
"""Default image name."""

BASE = "python:3.13-slim"
"""Default base image."""

DIGEST_LABEL = "rheostat.sandbox.contents"
"""Label with the digest of the project's files."""

PYTHON_LABEL = "rheostat.sandbox.python"
"""Label with the interpreter's path, if it is not on the search path."""

ARGUMENTS = ("-s", "-P", "-m", "sandbox.worker")
"""Arguments that start a worker."""

ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
"""Environment of a worker, besides its module path."""

HOME = "/rheostat"
"""Directory of everything that the build adds."""


class BuiltImage(NamedTuple):
    """An image that was built."""

    identity: str
    size: int
    """Size in bytes."""

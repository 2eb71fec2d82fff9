"""The image that workers run in: an interpreter, three packages and the worker.

`sandbox.image_builder` builds it on a base image or from this interpreter. `sandbox.image.contents`
lists the project's own files in it. Their digest is a label of the image, so a worker of another
version is never started.
"""

from typing import NamedTuple

NAME = "rheostat-sandbox:latest"
"""The image that is used where no other is named."""

BASE = "python:3.13-slim"
"""The image that it is built on where no other is named."""

DIGEST_LABEL = "rheostat.sandbox.contents"
"""The label that holds the digest of what is ours in it."""

PYTHON_LABEL = "rheostat.sandbox.python"
"""The label that holds the path of the interpreter, where none is found by the search path."""

ARGUMENTS = ("-s", "-P", "-m", "sandbox.worker")
"""How a worker is started, behind the interpreter."""

ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
"""All that a worker finds in its environment, besides where its code lies."""

HOME = "/rheostat"
"""The directory that holds everything that was put into the image."""


class BuiltImage(NamedTuple):
    """An image that was made."""

    identity: str
    size: int
    """Bytes."""

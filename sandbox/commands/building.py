"""How the image is made, behind ``rheostat sandbox build``."""

from sandbox.host.connection import connect, engine_errors
from sandbox.image import Built
from sandbox.image.build import build
from sandbox.image.from_host import build_from_host


def built(name: str, base: str | None) -> Built:
    """Makes the image, on a base image or of this interpreter.

    Raises:
        SurroundingsError: there is no engine, or it cannot make it.
    """
    client = connect()
    with engine_errors():
        return build_from_host(client, name) if base is None else build(client, name, base)

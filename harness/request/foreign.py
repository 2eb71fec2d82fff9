"""Controllers in other languages than Rheo, as a command line names them.

The harness knows no such language. Who does registers its suffix under `LANGUAGES`, with a function
that reads a file and says which registered engine plays it.
"""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import NamedTuple, cast

from dsl.source import Source

LANGUAGES = "rheostat.languages"
"""The group of languages: ``suffix = "module:function"``."""


class Foreign(NamedTuple):
    """A controller that is no program of Rheo. It follows β, and has no knobs."""

    label: str
    """What it is called here."""
    source: Source
    """Its text."""
    digest: str
    """SHA-256 of the text, byte for byte."""
    origin: str
    """The path of its file."""
    engine: str
    """The name under which what plays it is registered."""
    version: str
    """The name and version of that, which results are kept under."""


def load_foreign(argument: str) -> Foreign | None:
    """Reads a controller, if its suffix is that of a registered language.

    Raises:
        InputError: it cannot be used.
        OSError: it cannot be read.
    """
    suffix = argument.rpartition("/")[2].rpartition(".")[2] if "." in argument else ""
    for each in entry_points(group=LANGUAGES, name=suffix) if suffix else ():
        return cast("Callable[[str], Foreign]", each.load())(argument)
    return None

"""Controllers in other languages than Rheo.

The harness knows no such language. Who does registers it under `LANGUAGES` by the suffix of its
files: an object that reads controllers, says what is wrong with them, and names the registered
engine that plays them.
"""

from importlib.metadata import entry_points
from typing import NamedTuple, Protocol, cast

from dsl.findings import FileFindings
from dsl.source import Source
from harness.errors import ExternalError

LANGUAGES = "rheostat.languages"
"""The group of languages: ``suffix = "module:object"``."""


class ForeignController(NamedTuple):
    """A controller that is no program of Rheo. It follows β, and has no knobs."""

    label: str
    """What it is called here."""
    source: Source
    """Its text."""
    digest: str
    """SHA-256 of the text, byte for byte."""
    origin: str
    """The path of its file, or what stands for it."""
    engine: str
    """The name under which what plays it is registered."""
    version: str
    """The name and version of that, which results are kept under."""
    title: str = ""
    """What it says of itself, in a line."""
    size: int = 0
    """Nodes of its syntax tree."""
    beginnings: frozenset[int] = frozenset()
    """The lines on which a statement begins that can be counted."""

    @property
    def scheduled(self) -> bool:
        """Whether it follows β."""
        return True


class LanguagePlugin(Protocol):
    """A language that controllers are written in, beside Rheo."""

    def read(self, argument: str) -> ForeignController:
        """Reads a controller from its file.

        Raises:
            InputError: it cannot be used.
            OSError: it cannot be read.
        """
        ...

    def made_of(self, text: str, name: str) -> ForeignController:
        """A controller from its text.

        Args:
            text: of the controller.
            name: what messages call its file.

        Raises:
            InputError: it cannot be used.
        """
        ...

    def diagnosed(self, text: str, name: str) -> str:
        """All that is wrong with a text, rendered for people; nothing where it can be played."""
        ...

    def findings(self, text: str, name: str) -> FileFindings:
        """The same as records."""
        ...

    def card(self) -> str:
        """The language on a page, for the prompt of a language model."""
        ...


def find_language(name: str) -> LanguagePlugin | None:
    """The language of a file, by its suffix; ``None`` where none is registered for that."""
    suffix = name.rpartition("/")[2].rpartition(".")[2] if "." in name else ""
    for each in entry_points(group=LANGUAGES, name=suffix) if suffix else ():
        return cast("LanguagePlugin", each.load())
    return None


def require_language(name: str) -> LanguagePlugin:
    """The same, where there must be one.

    Raises:
        ExternalError: none is registered.
    """
    found = find_language(name)
    if found is None:
        raise ExternalError(f"{name}: no language is installed for files of this kind")
    return found


def load_foreign(argument: str) -> ForeignController | None:
    """Reads a controller, if its suffix is that of a registered language.

    Raises:
        InputError: it cannot be used.
        OSError: it cannot be read.
    """
    language = find_language(argument)
    return None if language is None else language.read(argument)

"""Controllers in languages other than Rheo.

The harness knows no such language. A plugin registers it under `LANGUAGES` by the suffix of its
files: an object that reads controllers, checks them, and names the registered engine that plays
them.
"""

from typing import NamedTuple, Protocol, cast

from dsl.findings import FileFindings
from dsl.source import Source
from harness.errors import ExternalError
from harness.registry import registered

LANGUAGES = "rheostat.languages"
"""The group of languages: ``suffix = "module:object"``."""


class ForeignController(NamedTuple):
    """A controller that is not a Rheo program. It follows β and has no knobs."""

    label: str
    """Its label."""
    source: Source
    """Its text."""
    digest: str
    """SHA-256 of the text."""
    origin: str
    """The path of its file, or its replacement."""
    engine: str
    """The registered name of the engine that plays it."""
    version: str
    """The name and version of the engine, which results are cached under."""
    title: str = ""
    """A one-line description."""
    size: int = 0
    """Nodes of its syntax tree."""
    beginnings: frozenset[int] = frozenset()
    """The lines on which a countable statement begins."""

    @property
    def scheduled(self) -> bool:
        """Whether it follows β."""
        return True


class LanguagePlugin(Protocol):
    """A language for controllers other than Rheo."""

    def read(self, argument: str) -> ForeignController:
        """Read a controller from its file.

        Raises:
            InputError: It cannot be used.
            OSError: It cannot be read.
        """
        ...

    def parse(self, text: str, name: str) -> ForeignController:
        """Parse a controller from its text.

        Args:
            text: The controller.
            name: The file name for messages.

        Raises:
            InputError: It cannot be used.
        """
        ...

    def render_errors(self, text: str, name: str) -> str:
        """Return all errors in a text, rendered for people; empty if it can be played."""
        ...

    def findings(self, text: str, name: str) -> FileFindings:
        """Return all errors in a text as records."""
        ...

    def card(self) -> str:
        """Return the language reference card, for the prompt of a language model."""
        ...


def find_language(name: str) -> LanguagePlugin | None:
    """Return the language of a file by its suffix; ``None`` if none is registered for it."""
    suffix = name.rpartition("/")[2].rpartition(".")[2] if "." in name else ""
    if suffix in ("", "rheo"):
        return None
    for registration in registered(LANGUAGES).get(suffix, ()):
        return cast("LanguagePlugin", registration.load())
    return None


def require_language(name: str) -> LanguagePlugin:
    """Return the language of a file by its suffix.

    Raises:
        ExternalError: No language is registered for it.
    """
    language = find_language(name)
    if language is None:
        raise ExternalError(f"{name}: no installed language handles files of this kind")
    return language


def load_foreign(argument: str) -> ForeignController | None:
    """Read a controller if its suffix is that of a registered language.

    Raises:
        InputError: It cannot be used.
        OSError: It cannot be read.
    """
    language = find_language(argument)
    return None if language is None else language.read(argument)

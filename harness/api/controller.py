"""Controllers: loaded from the library, from a file or from text, and checked."""

import os
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from dsl import library
from dsl.diagnostics import render_all
from dsl.findings import Finding, collect_findings
from dsl.program import Analysis, analyse_program
from dsl.schedule import evaluate
from dsl.source import Source
from harness.api.exceptions import ProgramError, translated_errors
from harness.api.notebook_html import render_text
from harness.errors import InputError
from harness.escaping import escape_line, escape_xml
from harness.request.controllers import Playable, RheoController, from_checked, read_source
from harness.request.foreign import ForeignController, LanguagePlugin, find_language
from harness.request.ranges import single_beta

TEXT_NAME = "program.rheo"
"""The file name in messages about a program that was given as text."""


class Diagnostics:
    """What the checker found in a program, in the order of its source; ``str()`` is for people.

    Args:
        findings: The findings.
        text: The findings, each shown in its source.
    """

    def __init__(self, findings: Sequence[Finding], text: str):
        self._findings = tuple(findings)
        self._text = text

    @property
    def ok(self) -> bool:
        """Whether the program can be played: there is no error."""
        return not self.errors

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep the program from being played."""
        return tuple(finding for finding in self._findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The other findings."""
        return tuple(finding for finding in self._findings if finding.severity != "error")

    def raise_for_errors(self) -> None:
        """Raise if there is an error.

        Raises:
            ProgramError: There is one; the message shows all findings.
        """
        if not self.ok:
            raise ProgramError(self)

    def __len__(self) -> int:
        return len(self._findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._findings)

    def __getitem__(self, index: int) -> Finding:
        return self._findings[index]

    def __str__(self) -> str:
        return self._text or "no problems found"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return render_text(str(self))


class Controller:
    """A controller that can be played.

    Args:
        program: A name of the library, the file of a program, or its text. A text is recognised by
            a brace or a line break.

    Raises:
        ProgramError: The program has errors.
        InputError: There is no such controller.
    """

    def __init__(self, program: str | os.PathLike[str]):
        with translated_errors():
            self._playable, self._diagnostics = _load(_argument(program))

    @property
    def name(self) -> str:
        """The name that the program gives itself."""
        return self._playable.label

    @property
    def title(self) -> str:
        """The description of the program in a line; may be empty."""
        return self._playable.title

    @property
    def source(self) -> str:
        """The text of the program."""
        return self._playable.source.text

    @property
    def digest(self) -> str:
        """SHA-256 of the text."""
        return self._playable.digest

    @property
    def origin(self) -> str:
        """The file that it was read from, or ``library``."""
        return self._playable.origin

    @property
    def follows_beta(self) -> bool:
        """Whether the program follows β."""
        return self._playable.scheduled

    @property
    def needs(self) -> tuple[str, ...]:
        """The signals that a recording must have."""
        if isinstance(self._playable, ForeignController):
            return ()
        return tuple(sorted(self._playable.checked.needs.signals))

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The warnings of the checker."""
        return self._diagnostics.warnings

    def knobs(self, beta: float = 0.5) -> Mapping[str, int | float]:
        """Return the value of every knob: those of the schedule at β, and the others by default.

        Args:
            beta: From 0 (low cost) to 1 (thorough).

        Raises:
            InputError: β is out of range.
        """
        if isinstance(self._playable, ForeignController):
            return MappingProxyType({})
        with translated_errors():
            value = single_beta(beta)
            return MappingProxyType(evaluate(self._playable.checked, value))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Controller) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        about = f": {self.title}" if self.title else ""
        return escape_line(f"<Controller {self.name}{about}>")

    def _repr_html_(self) -> str:
        about = f": {escape_xml(self.title)}" if self.title else ""
        head = f"<p><b>{escape_xml(self.name)}</b>{about}</p>"
        return head + render_text(self.source)


ProgramLike: TypeAlias = str | os.PathLike[str] | Controller
"""A name of the library, a file, the text of a program, or a `Controller`."""


def check(program: ProgramLike) -> Diagnostics:
    """Check a program without raising: names, types, control flow and directions of schedules.

    Args:
        program: A name of the library, the file of a program, its text, or a `Controller`.

    Raises:
        InputError: There is no such program.
    """
    if isinstance(program, Controller):
        return program._diagnostics  # noqa: SLF001 - the class is of this module
    with translated_errors():
        argument = _argument(program)
        language = None if is_text(argument) else find_language(argument)
        if language is not None:
            return _check_foreign(language, argument)
        return _diagnostics(analyse_program(_source(argument)))


def as_controller(program: ProgramLike) -> Controller:
    """Return a controller, loaded if it is not yet.

    Raises:
        ProgramError: The program has errors.
        InputError: There is no such controller.
    """
    return program if isinstance(program, Controller) else Controller(program)


def load_controllers(programs: Sequence[ProgramLike]) -> list[Playable]:
    """Load several controllers, with distinct labels.

    Args:
        programs: The controllers.

    Raises:
        ProgramError: A program has errors.
        InputError: There is no such controller, or one is given twice.
    """
    loaded = [as_controller(program) for program in programs]
    for index, controller in enumerate(loaded):
        if controller in loaded[:index]:
            raise InputError(f"the controller {controller.name} is given twice; give it once")
    labels: list[str] = []
    for controller in loaded:
        same = sum(label.split(" (")[0] == controller.name for label in labels)
        labels.append(f"{controller.name} ({same + 1})" if same else controller.name)
    return [
        get_playable(controller)._replace(label=label)
        for controller, label in zip(loaded, labels, strict=True)
    ]


def get_playable(controller: Controller) -> Playable:
    """Return the program of a controller."""
    return controller._playable  # noqa: SLF001 - the class is of this module


def is_text(argument: str) -> bool:
    """Return whether a string is the text of a program, and not a name or a file."""
    return "{" in argument or "\n" in argument


def _argument(program: str | os.PathLike[str]) -> str:
    """Return a program as the command line takes it; a text stays as it is."""
    if not isinstance(program, str | os.PathLike):
        raise InputError(
            "a controller is a name of the library, the file of a program, or its text; got"
            f" {program!r}"
        )
    return os.fspath(program)


def _source(argument: str) -> Source:
    return Source(argument, TEXT_NAME) if is_text(argument) else read_source(argument)


def _load(argument: str) -> tuple[Playable, Diagnostics]:
    if not is_text(argument) and argument not in library.NAMES:
        language = find_language(argument)
        if language is not None:
            _check_foreign(language, argument).raise_for_errors()
            return language.read(argument), Diagnostics([], "")
    analysis = analyse_program(_source(argument))
    diagnostics = _diagnostics(analysis)
    diagnostics.raise_for_errors()
    assert analysis.checked is not None
    origin = TEXT_NAME if is_text(argument) else argument
    loaded: RheoController = from_checked(analysis.checked, origin)
    return loaded, diagnostics


def _diagnostics(analysis: Analysis) -> Diagnostics:
    text = render_all(analysis.source, analysis.diagnostics)
    return Diagnostics(collect_findings(analysis).diagnostics, text)


def _check_foreign(language: LanguagePlugin, path: str) -> Diagnostics:
    text = read_source(path).text
    return Diagnostics(
        language.findings(text, path).diagnostics, language.render_errors(text, path)
    )

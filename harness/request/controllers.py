"""Resolve controllers from a command line: a file of Rheo, or a name of the library.

A bare name is one of the library; a name that ends in ``.rheo`` or contains a directory is a file.
"""

import os
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, TypeAlias

from dsl import library
from dsl.checker import CheckedProgram
from dsl.diagnostics import render_all
from dsl.program import UnreadableProgram, analyse_program, load_checked_program, read_program_file
from dsl.source import Source
from dsl.traversal import walk
from dsl.vocabulary import nearest
from harness.errors import InputError
from harness.messages import suggest
from harness.request.foreign import (
    ForeignController,
    find_language,
    load_foreign,
    require_language,
)
from harness.request.misplaced import refuse_misplaced
from store.file_kinds import FileKind
from store.messages import describe_missing

SUFFIX = ".rheo"


class RheoController(NamedTuple):
    """A checked program and its label."""

    label: str
    """The controller's name, or what was typed if two controllers have the same name."""
    checked: CheckedProgram
    digest: str
    """SHA-256 of the program's text. It covers every byte, because results refer to its lines."""
    origin: str
    """The path of its file, or ``library``."""

    @property
    def source(self) -> Source:
        """Its text."""
        return self.checked.source

    @property
    def scheduled(self) -> bool:
        """Whether it follows β."""
        return self.checked.scheduled

    @property
    def title(self) -> str:
        """A one-line description from the program, or an empty string."""
        title = self.checked.program.title
        return title.text if title is not None else ""

    @property
    def size(self) -> int:
        """Nodes of its syntax tree."""
        return sum(1 for _ in walk(self.checked.program))


Playable: TypeAlias = RheoController | ForeignController
"""A controller in any language."""


def parse_controller(text: str, name: str) -> RheoController:
    """Parse a controller from its text.

    Args:
        text: The program.
        name: The file name for messages.

    Raises:
        DslError: The program has errors.
    """
    return from_checked(load_checked_program(Source(text, name)), name)


def parse_playable(text: str, name: str) -> Playable:
    """Parse a controller in any language from its text.

    Args:
        text: The controller.
        name: The file name for messages; its suffix selects the language.

    Raises:
        DslError: It is a Rheo program with errors.
        InputError: It is in another language and cannot be used.
        ExternalError: That language is not installed.
    """
    if name.endswith(SUFFIX):
        return parse_controller(text, name)
    return require_language(name).parse(text, name)


class Diagnosis(NamedTuple):
    """What a checker found in a text."""

    text: str
    """Rendered for people, warnings included; empty if there is nothing to report."""
    sound: bool
    """Whether it can be played."""


def diagnose_text(text: str, name: str, *, warnings: bool = True) -> Diagnosis:
    """Check a controller in any language and return what is wrong with it.

    Args:
        text: The controller.
        name: The file name for messages; its suffix selects the language.
        warnings: Whether to report warnings, which do not prevent it from being played.

    Raises:
        ExternalError: Its language is not installed.
    """
    if not name.endswith(SUFFIX):
        message = require_language(name).render_errors(text, name)
        return Diagnosis(message, not message)
    analysis = analyse_program(Source(text, name))
    diagnostics = [
        diagnostic for diagnostic in analysis.diagnostics if warnings or diagnostic.is_error
    ]
    sound = not any(diagnostic.is_error for diagnostic in diagnostics)
    return Diagnosis(render_all(analysis.source, diagnostics), sound)


def load_program(argument: str) -> RheoController:
    """Find, read and check one controller in Rheo.

    Args:
        argument: The argument as typed.

    Raises:
        InputError: There is no such controller, or its program has errors.
        OSError: The file cannot be read.
    """
    if argument not in library.NAMES and load_foreign(argument) is not None:
        raise InputError(
            f"{argument}: not a Rheo program, and this command accepts no other language",
            hint="use `sweep`, `compare`, `trace`, `profile` or `propose`",
        )
    source = read_source(argument)
    analysis = analyse_program(source)
    if analysis.checked is None:
        errors = [diagnostic for diagnostic in analysis.diagnostics if diagnostic.is_error]
        first = min(errors, key=lambda error: error.mark.span)
        position = source.position(first.mark.span.start)
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        sentence = f"{source.name}:{position.line}:{position.column}: {first.message}{more}"
        raise InputError(sentence, hint=f"`rheostat check {argument}` shows it in context")
    return from_checked(analysis.checked, argument)


def read_source(argument: str) -> Source:
    """Read the text of one controller in Rheo; it is not checked.

    Args:
        argument: A name of the library, or a file.

    Raises:
        InputError: There is no such controller.
        OSError: The file cannot be read.
    """
    return library.load_source(argument) if argument in library.NAMES else _file(argument)


def from_checked(checked: CheckedProgram, argument: str) -> RheoController:
    """Return a controller from its checked program.

    Args:
        checked: The program.
        argument: The name of the library or the file that it was read from.
    """
    digest = sha256(checked.source.text.encode()).hexdigest()
    origin = "library" if argument in library.NAMES else argument
    return RheoController(checked.name, checked, digest, origin)


def load_playable(argument: str) -> Playable:
    """Load one controller in any language.

    Raises:
        InputError: It cannot be used.
        OSError: Its file cannot be read.
    """
    if argument in library.NAMES:
        return load_program(argument)
    return load_foreign(argument) or load_program(argument)


def load_programs(arguments: Sequence[str]) -> list[Playable]:
    """Load several controllers in any language, with distinct labels.

    Raises:
        InputError: One of them cannot be used, or is named twice.
        OSError: A file cannot be read.
    """
    for argument, times in Counter(arguments).items():
        if times > 1:
            raise InputError(f"the controller {argument} is given {times} times; give it once")
    programs = [load_playable(argument) for argument in arguments]
    names = Counter(program.label for program in programs)
    return [
        program if names[program.label] == 1 else program._replace(label=argument)
        for argument, program in zip(arguments, programs, strict=True)
    ]


def _file(argument: str) -> Source:
    path = Path(argument)
    refuse_misplaced(path, {FileKind.PROGRAM, FileKind.PYTHON}, "a program")
    if path.is_dir():
        inside = path / f"NAME{SUFFIX}"
        raise InputError(f"{argument}: is a directory; give a program in it: {inside}")
    has_suffix = argument.endswith(SUFFIX) or find_language(argument) is not None
    looks_like_a_path = has_suffix or os.sep in argument
    if not looks_like_a_path and not path.is_file():
        meant = suggest(argument, library.NAMES, f"choose from {', '.join(library.NAMES)}")
        raise InputError(
            f"the library has no controller {argument!r}; {meant}",
            hint=f"give a controller of your own by its file, such as mine{SUFFIX}",
        )
    try:
        return read_program_file(path)
    except FileNotFoundError:
        stem = path.name.removesuffix(SUFFIX)
        near = nearest(stem, library.NAMES)
        hint = f"the library has {near}: write it without {SUFFIX}" if near else None
        raise InputError(f"{argument}: {describe_missing('program')}", hint=hint) from None
    except UnreadableProgram as problem:
        raise InputError(str(problem)) from None

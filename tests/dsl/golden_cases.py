"""Reads and writes the files of golden cases: ill-formed programs and their whole messages.

A file holds cases, each a head ``==== what is wrong``, the program, a line of dashes, and what is
rendered. A program of one section or less is put into a controller that is sound otherwise: a case
that starts with ``in step`` has only the statements of a step.
"""

from pathlib import Path
from typing import NamedTuple

from dsl.allocation import analyse_allocation, is_allocation
from dsl.diagnostics import render_all
from dsl.program import analyse_program
from dsl.source import Source

DIRECTORY = Path(__file__).with_name("golden")
RULE = "-" * 20


class Case(NamedTuple):
    """A program and what is said of it."""

    title: str
    program: str
    said: str


def cases(path: Path) -> list[Case]:
    """The cases of a file, in order."""
    found = []
    for part in path.read_bytes().decode("utf-8").split("\n==== "):
        title, _, rest = part.removeprefix("==== ").partition("\n")
        program, _, said = f"{rest}\n".partition(f"{RULE}\n")
        program = f"{program.rstrip()}\n" if program.strip() else ""
        found.append(Case(title.strip(), program, said.strip("\n")))
    return found


def rendered(program: str) -> str:
    """Every message about a program, a controller or an allocation."""
    source = Source(whole(program), "program.rheo")
    found = analyse_allocation(source) if is_allocation(source) else analyse_program(source)
    return render_all(source, found.diagnostics)


def whole(program: str) -> str:
    """A case's program as a file: statements alone are in a `step`."""
    if not program.startswith("in step\n"):
        return program
    body = program.removeprefix("in step\n")
    return (
        "controller c {\n"
        "  knobs { n = 8 in 1..64 }\n"
        "  memory { x = 0  leader = none  w = window(5) }\n"
        "  each branch { .dissent = 0 }\n"
        "  start { open n }\n"
        "  step {\n"
        "    x = x + 1  push x onto w  leader = winner(alive)\n"
        "    update active { .dissent = .dissent + 1 }\n"
        "    advance active where .dissent > x or .answer == leader or mean(w) > 1\n"
        f"{body}"
        "  }\n"
        "  finally { answer winner(alive) }\n"
        "}\n"
    )


def written(items: list[Case]) -> str:
    """The text of a file of cases."""
    return "\n".join(f"==== {case.title}\n{case.program}{RULE}\n{case.said}\n" for case in items)

"""Reads docs/language.md and plays what it shows: programs, tables of sets, tables of values.

A program is a fence marked ``rheo``. Where a line that begins with ``Played here`` follows it, the
line states the result over the page's own recording. Tables are told by their first heading.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from dsl.diagnostics import DslError
from dsl.interpreter import Interpreter
from dsl.program import load_checked_program
from dsl.source import Source
from harness.mdp.playback import EpisodeResult, play_episode
from harness.mdp.replay import BranchPool, Replay, ReplayChain, permute_branches

DOCS = Path(__file__).parents[2] / "docs"
INTERVAL = 500

PLAYED = re.compile(
    r"Played here(?: at beta = (?P<beta>[\d.]+))?(?: with a budget of (?P<budget>[\d,]+) tokens)?,"
    r" it answers `(?P<answer>[^`]+)` for (?P<tokens>[\d,]+) tokens, (?P<sequential>[\d,]+)"
    r" sequential\."
)


class Shown(NamedTuple):
    """A program of the page."""

    line: int
    """Where its fence opens."""
    text: str
    result: Mapping[str, str | None] | None
    """The parts of its ``Played here`` line, if it has one."""


def fences(page: str, language: str) -> Iterator[tuple[int, str, str]]:
    """The fences of a language: the line of the fence, what it holds, the line that follows it."""
    lines = page.splitlines()
    position = 0
    while position < len(lines):
        if lines[position] == f"```{language}":
            end = lines.index("```", position)
            rest = (line for line in lines[end + 1 :] if line)
            yield (
                position + 1,
                "".join(f"{line}\n" for line in lines[position + 1 : end]),
                next(rest, ""),
            )
            position = end
        position += 1


def programs(page: str) -> list[Shown]:
    """Every program of a page, with the result that it states."""
    found = []
    for line, text, behind in fences(page, "rheo"):
        match = PLAYED.fullmatch(behind)
        assert match or not behind.startswith("Played"), f"cannot be read: {behind}"
        found.append(Shown(line, text, match.groupdict() if match else None))
    return found


def rows(page: str, heading: str) -> list[tuple[str, ...]]:
    """The rows of every table whose first heading is ``heading``, without quotes of code."""
    found = []
    table: str | None = None
    for line in page.splitlines():
        if not line.startswith("| "):
            table = None
            continue
        cells = tuple(cell.strip().replace("`", "") for cell in line.strip("| ").split(" | "))
        if table is None:
            table = cells[0]
        elif table == heading and not cells[0].startswith("---"):
            found.append(cells)
    return found


def pairs(page: str, heading: str) -> dict[str, str]:
    """The rows of tables of two columns."""
    return {row[0]: row[1] for row in rows(page, heading)}


def recording(page: str) -> BranchPool:
    """The page's own recording, laid out so that seed 0 opens its branches in the page's order."""
    outcomes = [
        ReplayChain([word.strip() for word in answers.split(",")], int(tokens), final)
        for _, answers, final, tokens in rows(page, "branch")
    ]
    chains = list(outcomes)
    for opened, place in enumerate(permute_branches(len(outcomes), 0)):
        chains[place] = outcomes[opened]
    return BranchPool(chains, INTERVAL)


def played(
    text: str, branch_pool: BranchPool, *, beta: float | None, budget: int | None
) -> EpisodeResult:
    """The end of an episode of a program."""
    return play_episode(interpreter(text), Replay(branch_pool, seed=0, budget=budget), beta)


def interpreter(text: str) -> Interpreter:
    """A program ready to play."""
    try:
        return Interpreter(load_checked_program(Source(text, "language.md")))
    except DslError as error:
        raise AssertionError(str(error)) from None


def holds(prelude: str, expression: str, branch_pool: BranchPool) -> bool:
    """Whether an expression is true in `finally` of the page's example program."""
    head, _, _ = prelude.partition("  finally")
    text = f'{head}  finally {{ if {expression} {{ answer "yes" }} else {{ answer "no" }} }}\n}}\n'
    return played(text, branch_pool, beta=None, budget=None).answer == "yes"

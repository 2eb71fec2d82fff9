"""The scratch directory of an agent: what it is given to read, and what it leaves.

Nothing in it leads elsewhere: it holds copies, and the socket of the round's desk.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

import msgspec

from agents.feedback.brief import Brief
from agents.languages import card_of
from agents.run.records import Language, Usage

REASONS, USAGE, DIAGNOSTICS = "reasons.md", "usage.json", "diagnostics.txt"

SOCKET = ".desk"

MOST_SOURCE = 100_000
MOST_REASONS = 4_000
MOST_USAGE = 10_000
"""Bytes that are read of what an agent leaves."""


class Left(NamedTuple):
    """What an agent left."""

    source: str | None
    """Of its candidate; ``None`` where there is none."""
    words: str
    usage: Usage


class _Spent(msgspec.Struct, frozen=True):
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0


def candidate_file(language: Language) -> str:
    """The name of the file that an agent leaves its program in."""
    return f"candidate{language.suffix}"


@contextmanager
def scratch(
    brief: Brief, candidate: str, language: Language, interpreter: str, diagnostics: str = ""
) -> Iterator[Path]:
    """A scratch directory for the length of a block.

    Args:
        brief: the round's.
        candidate: the program to begin with.
        language: that it is written in.
        interpreter: what runs the agent's ``rheostat``.
        diagnostics: what the checker said of it, if anything.
    """
    folder = Path(mkdtemp(prefix="rheostat-"))
    try:
        (folder / "brief.md").write_text(brief.text, encoding="utf-8")
        (folder / "language.md").write_text(card_of(language), encoding="utf-8")
        (folder / candidate_file(language)).write_text(candidate, encoding="utf-8")
        if diagnostics:
            (folder / DIAGNOSTICS).write_text(diagnostics, encoding="utf-8")
        _history(folder / "history", brief)
        _command(folder / "bin" / "rheostat", interpreter)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def left(folder: Path, given: str, language: Language) -> Left:
    """What an agent left in its directory.

    Args:
        folder: the directory.
        given: the program that it was given; left as it was, it is no candidate.
        language: that it was to write in.
    """
    source = plain_text(folder / candidate_file(language), MOST_SOURCE)
    if source is not None and source.strip() in ("", given.strip()):
        source = None
    words = plain_text(folder / REASONS, MOST_REASONS) or ""
    return Left(source, words.strip(), _usage(plain_text(folder / USAGE, MOST_USAGE)))


def _history(folder: Path, brief: Brief) -> None:
    folder.mkdir()
    lines = ["What each program is worth on the whole search set.", ""]
    for each in brief.known:
        worth = "a baseline" if each.objective is None else f"{each.objective:.2f}"
        name = f"{each.name}{each.language.suffix}"
        (folder / name).write_text(each.source, encoding="utf-8")
        lines.append(f"- `{name}`: {worth}")
    (folder / "index.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _command(path: Path, interpreter: str) -> None:
    """The agent's ``rheostat``: a script that speaks to the desk, and knows nothing else."""
    path.parent.mkdir()
    text = files("agents.outside").joinpath("stand_in.py").read_text(encoding="utf-8")
    path.write_text(f"#!{interpreter}\n{text}", encoding="utf-8")
    path.chmod(0o755)


def plain_text(path: Path, most: int) -> str | None:
    """A file's text; ``None`` where there is no plain file of that name.

    A link is not followed: it could lead to what the agent may not have, into the run.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return os.read(descriptor, most).decode(errors="replace")
    finally:
        os.close(descriptor)


def _usage(text: str | None) -> Usage:
    """What an agent says it spent; nothing, where that cannot be."""
    try:
        told = msgspec.json.decode(text or "{}", type=_Spent)
    except msgspec.MsgspecError:
        return Usage()
    if min(told.tokens_in, told.tokens_out) < 0 or not 0 <= told.usd < float("inf"):
        return Usage()
    return Usage(tokens_in=told.tokens_in, tokens_out=told.tokens_out, usd=told.usd)

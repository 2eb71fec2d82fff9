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
from agents.prompt_templates import language_card
from agents.run.records import ControllerLanguage, ResourceUsage

REASONS, USAGE, DIAGNOSTICS = "reasons.md", "usage.json", "diagnostics.txt"

SOCKET = ".desk"

MAX_SOURCE_BYTES = 100_000
MAX_REASONS_BYTES = 4_000
MAX_USAGE_BYTES = 10_000
"""Bytes that are read of what an agent leaves."""


class AgentOutput(NamedTuple):
    """What an agent left."""

    source: str | None
    """Of its candidate; ``None`` where there is none."""
    words: str
    usage: ResourceUsage


class _ReportedUsage(msgspec.Struct, frozen=True):
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0


def candidate_file(language: ControllerLanguage) -> str:
    """Return the name of the file that an agent leaves its program in."""
    return f"candidate{language.suffix}"


@contextmanager
def open_working_directory(
    brief: Brief,
    candidate: str,
    language: ControllerLanguage,
    interpreter: str,
    diagnostics: str = "",
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
        (folder / "language.md").write_text(language_card(language), encoding="utf-8")
        (folder / candidate_file(language)).write_text(candidate, encoding="utf-8")
        if diagnostics:
            (folder / DIAGNOSTICS).write_text(diagnostics, encoding="utf-8")
        _write_history(folder / "history", brief)
        _write_client(folder / "bin" / "rheostat", interpreter)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_agent_output(folder: Path, given: str, language: ControllerLanguage) -> AgentOutput:
    """Return what an agent left in its directory.

    Args:
        folder: the directory.
        given: the program that it was given; left as it was, it is no candidate.
        language: that it was to write in.
    """
    source = read_plain_file(folder / candidate_file(language), MAX_SOURCE_BYTES)
    if source is not None and source.strip() in ("", given.strip()):
        source = None
    words = read_plain_file(folder / REASONS, MAX_REASONS_BYTES) or ""
    return AgentOutput(
        source, words.strip(), _parse_usage(read_plain_file(folder / USAGE, MAX_USAGE_BYTES))
    )


def _write_history(folder: Path, brief: Brief) -> None:
    folder.mkdir()
    lines = ["What each program is worth on the whole search set.", ""]
    for each in brief.known:
        worth = "a baseline" if each.objective is None else f"{each.objective:.2f}"
        name = f"{each.name}{each.language.suffix}"
        (folder / name).write_text(each.source, encoding="utf-8")
        lines.append(f"- `{name}`: {worth}")
    (folder / "index.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_client(path: Path, interpreter: str) -> None:
    """The agent's ``rheostat``: a script that speaks to the desk, and knows nothing else."""
    path.parent.mkdir()
    text = files("agents.external_agents").joinpath("client_shim.py").read_text(encoding="utf-8")
    path.write_text(f"#!{interpreter}\n{text}", encoding="utf-8")
    path.chmod(0o755)


def read_plain_file(path: Path, most: int) -> str | None:
    """Return a file's text; ``None`` where there is no plain file of that name.

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


def _parse_usage(text: str | None) -> ResourceUsage:
    """Return what an agent says it spent; nothing, where that cannot be."""
    try:
        told = msgspec.json.decode(text or "{}", type=_ReportedUsage)
    except msgspec.MsgspecError:
        return ResourceUsage()
    if min(told.tokens_in, told.tokens_out) < 0 or not 0 <= told.usd < float("inf"):
        return ResourceUsage()
    return ResourceUsage(tokens_in=told.tokens_in, tokens_out=told.tokens_out, usd=told.usd)

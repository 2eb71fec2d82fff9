"""The working directory of an agent: its input files and its output files.

It contains copies only, and the socket of the evaluation server of the round; no link leads out.
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
from store.decode_errors import DECODE_ERRORS

REASONS, USAGE, DIAGNOSTICS = "reasons.md", "usage.json", "diagnostics.txt"

SOCKET = ".desk"

MAX_SOURCE_BYTES = 100_000
MAX_REASONS_BYTES = 4_000
MAX_USAGE_BYTES = 10_000
"""Maximum bytes to read of each output file."""


class AgentOutput(NamedTuple):
    """Output files of an agent."""

    source: str | None
    """Source text of its candidate; ``None`` if there is none."""
    reasons: str
    usage: ResourceUsage


class _ReportedUsage(msgspec.Struct, frozen=True):
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0


def candidate_file(language: ControllerLanguage) -> str:
    """Return the name of the file to which an agent writes its program."""
    return f"candidate{language.suffix}"


@contextmanager
def open_working_directory(
    brief: Brief,
    candidate: str,
    language: ControllerLanguage,
    interpreter: str,
    diagnostics: str = "",
) -> Iterator[Path]:
    """Create the working directory of an agent; it is removed after the block.

    Args:
        brief: Brief of the round.
        candidate: Source text of the program to start from.
        language: Language of the program.
        interpreter: Interpreter of the client shim.
        diagnostics: Messages of the checker about the program; empty if there are none.
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


def read_agent_output(folder: Path, original: str, language: ControllerLanguage) -> AgentOutput:
    """Read the output files of an agent.

    Args:
        folder: Working directory.
        original: Source text of the program that it started from; if the program is unchanged,
            there is no candidate.
        language: Language of the program.
    """
    source = read_plain_file(folder / candidate_file(language), MAX_SOURCE_BYTES)
    if source is not None and source.strip() in ("", original.strip()):
        source = None
    reasons = read_plain_file(folder / REASONS, MAX_REASONS_BYTES) or ""
    return AgentOutput(
        source, reasons.strip(), _parse_usage(read_plain_file(folder / USAGE, MAX_USAGE_BYTES))
    )


def _write_history(folder: Path, brief: Brief) -> None:
    folder.mkdir()
    lines = ["What each program is worth on the whole search set.", ""]
    for program in brief.known:
        worth = "a baseline" if program.objective is None else f"{program.objective:.2f}"
        name = f"{program.name}{program.language.suffix}"
        (folder / name).write_text(program.source, encoding="utf-8")
        lines.append(f"- `{name}`: {worth}")
    (folder / "index.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_client(path: Path, interpreter: str) -> None:
    """Write the client shim: a script that queries the evaluation server and nothing else."""
    path.parent.mkdir()
    text = files("agents.external_agents").joinpath("client_shim.py").read_text(encoding="utf-8")
    path.write_text(f"#!{interpreter}\n{text}", encoding="utf-8")
    path.chmod(0o755)


def read_plain_file(path: Path, most: int) -> str | None:
    """Read the beginning of a file, at most ``most`` bytes; ``None`` if it is not a plain file.

    Links are not followed: they could lead to files that the agent may not read, such as the run.
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
    """Parse the usage that an agent reports; an invalid report counts as no usage."""
    try:
        usage = msgspec.json.decode(text or "{}", type=_ReportedUsage)
    except DECODE_ERRORS:
        return ResourceUsage()
    if min(usage.tokens_in, usage.tokens_out) < 0 or not 0 <= usage.usd < float("inf"):
        return ResourceUsage()
    return ResourceUsage(tokens_in=usage.tokens_in, tokens_out=usage.tokens_out, usd=usage.usd)

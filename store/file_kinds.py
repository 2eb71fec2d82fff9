"""The kind of a file, by its first bytes, so that a message can name the right command.

Nothing here decides whether a file can be used: its reader does. This only names what was given
where something else is wanted.
"""

import re
import stat
from collections.abc import Collection
from enum import Enum
from pathlib import Path

import msgspec

from store.blocks import MAGIC, PREAMBLE_SIZE, BlockKind, FileState
from store.decode_errors import DECODE_ERRORS

_HEAD = 1 << 16
"""The number of bytes that are read."""


class FileKind(Enum):
    """The kinds of file that the commands take: what each is, and where it goes."""

    RECORDING = (
        "a recording",
        "`rheostat inspect {path}` shows it, and commands that replay take it after --on",
    )
    JOURNAL = (
        "a recording that is still being collected",
        "run its `rheostat collect` again to resume and seal it",
    )
    TRIALS = (
        "a record of the trials of a pipeline",
        "`rheostat inspect {path}` shows its contents",
    )
    BRANCHES = (
        "JSON Lines of questions with their branches",
        "`rheostat import jsonl {path}` converts it to a recording",
    )
    RELEASED = (
        "released JSON of questions with their branches",
        "`rheostat import autotts {path} -o DIR` converts it to a recording",
    )
    QUESTIONS = (
        "a file of questions",
        "`rheostat collect --questions {path}` samples branches for them",
    )
    TABLE = (
        "a table of questions",
        "`rheostat questions BENCHMARK {path} -o questions.jsonl` makes a file of questions",
    )
    EPISODES = ("a file of live episodes", "`rheostat trace --from {path}` shows them")
    PIPELINE = (
        "a pipeline file",
        "`rheostat allocate --on {path}` searches for allocations of its stages",
    )
    PROGRAM = (
        "a program in Rheo",
        "controllers are arguments of `rheostat sweep`, `compare` and others",
    )
    PYTHON = (
        "a controller in Python",
        "controllers are arguments of `rheostat sweep`, `compare` and others",
    )
    ALLOCATION = (
        "an allocation in Rheo",
        "`rheostat check {path} --on PIPELINE` checks it against its pipeline",
    )
    RUN = (
        "the directory of a run",
        "`rheostat report {path}` reports it, and {path}/selected.rheo is its winner",
    )

    @property
    def description(self) -> str:
        """What it is, with its article."""
        return self.value[0]

    def use(self, path: Path | str) -> str:
        """Where such a file goes."""
        return self.value[1].replace("{path}", str(path))


PROGRAMS = frozenset({FileKind.PROGRAM, FileKind.PYTHON, FileKind.ALLOCATION})


def file_kind(path: Path) -> FileKind | None:
    """Return what a file or a directory is; ``None`` where it is nothing that a command takes."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return FileKind.RUN if (path / "request.json").is_file() else None
        if not stat.S_ISREG(mode):
            return None
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return None
    if head.startswith(MAGIC):
        return _of_blocks(head)
    text = head.decode("utf-8-sig", errors="ignore")
    if "\0" in text:
        return None
    if re.search(r"^\[\[(stage|model)\]\]", text, re.MULTILINE):
        return FileKind.PIPELINE
    return _of_json(text) if text.lstrip()[:1] in ("{", "[") else _of_text(text, path.suffix)


def wrong_kind(path: Path, wanted: Collection[FileKind], what: str) -> str | None:
    """Return what a file is and where it goes, as the end of a sentence; see `misplaced`.

    Args:
        path: the file.
        wanted: the kinds that can be used.
        what: the name of what is wanted, with its article.
    """
    kind = misplaced(path, wanted)
    if kind is None:
        return None
    return f"is {kind.description}, but {what} is expected here: {kind.use(path)}"


def misplaced(path: Path, wanted: Collection[FileKind]) -> FileKind | None:
    """Return what a file is, where that is known and not wanted."""
    kind = file_kind(path)
    return None if kind in wanted else kind


def _of_blocks(head: bytes) -> FileKind:
    if head[PREAMBLE_SIZE : PREAMBLE_SIZE + len(BlockKind.PIPE.value)] == BlockKind.PIPE.value:
        return FileKind.TRIALS
    sealed = FileState.SEALED.value in head[len(MAGIC) : PREAMBLE_SIZE]
    return FileKind.RECORDING if sealed else FileKind.JOURNAL


def _of_json(text: str) -> FileKind | None:
    if text.lstrip().startswith("["):
        if '"each_branch"' in text:
            return FileKind.RELEASED
        return FileKind.TABLE if re.search(r'"(question|problem)"\s*:', text) else None
    line = text.strip().partition("\n")[0]
    holds_rows = False
    try:
        fields = msgspec.json.decode(line, type=dict[str, object])
        keys = set(fields)
        # A question has no list of objects: a misspelt field with branches, perhaps.
        holds_rows = any(
            isinstance(value, list) and any(isinstance(item, dict) for item in value)
            for value in fields.values()
        )
    except DECODE_ERRORS:
        # A line longer than what was read, or an object over several lines.
        keys = set(re.findall(r'"(\w+)"\s*:', line))
    if "branches" in keys:
        return FileKind.BRANCHES
    if "each_branch" in keys:
        return FileKind.RELEASED
    if {"what", "episode"} <= keys:
        return FileKind.EPISODES
    is_question = keys & {"question", "problem"} and not keys & _SAMPLES and not holds_rows
    return FileKind.QUESTIONS if is_question else None


_SAMPLES = {
    "replies", "responses", "samples", "completions", "outputs", "chains", "generations", "texts",
}  # fmt: skip
"""Fields that hold more than a question."""

_BEGINS = r"\A(?:\s|#[^\n]*(?:\n|\Z))*{}\b"


def _of_text(text: str, suffix: str) -> FileKind | None:
    if re.match(_BEGINS.format(r"(?:needs\s+\w+[\w\s,]*)?controller"), text):
        return FileKind.PROGRAM
    if re.match(_BEGINS.format("allocation"), text):
        return FileKind.ALLOCATION
    if suffix == ".py" or re.search(r"^def controller\(", text, re.MULTILINE):
        return FileKind.PYTHON
    header = text.partition("\n")[0].lower()
    fields = {field.strip('" \r') for field in re.split(r"[,;\t]", header)}
    return FileKind.TABLE if fields & {"question", "problem"} and len(fields) > 1 else None

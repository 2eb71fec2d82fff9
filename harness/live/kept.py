"""Live episodes in a file, a line each, in the form that ``rheostat trace --json`` has."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec

from harness.errors import InputError
from harness.explanation.tracing import Traced
from harness.live.running import Lived
from harness.request.configured import Plan, origin
from harness.request.misplaced import refuse_misplaced
from harness.request.recordings import Named
from store.file_kinds import FileKind
from store.serving.engine import Served


class Document(msgspec.Struct, frozen=True):
    """One episode, and what it comes from."""

    what: dict[str, object]
    episode: Traced


class Question(msgspec.Struct, frozen=True):
    """Which question it was."""

    id: str
    number: int


class Known(msgspec.Struct, frozen=True):
    """What every live episode's document says of where it comes from."""

    controller: str
    origin: str
    engine: str
    question: Question
    seed: int
    seconds: float


def document(plan: Plan, served: Served, recordings: Sequence[Named], lived: Lived) -> Document:
    """An episode with all that it comes from."""
    what = origin(plan, recordings) | {
        "engine": f"live, {served.model} by vllm {served.version}",
        "question": {"id": lived.question, "number": lived.number},
        "seed": lived.seed,
        "seconds": lived.seconds,
        "probes": lived.probes,
        "probe_tokens": lived.probe_tokens,
    }
    return Document(what, lived.episode)


@contextlib.contextmanager
def traces(path: Path | None) -> Iterator[Callable[[Document], None]]:
    """A file of traces, a line each; what was written stays, whatever comes after it.

    Raises:
        InputError: the file is there already.
        OSError: it cannot be written.
    """
    if path is None:
        yield lambda document: None
        return
    try:
        file: IO[bytes] = path.open("xb")
    except FileExistsError:
        raise InputError(f"{path}: is there already; traces are written to a new file") from None
    with file:

        def write(document: Document) -> None:
            file.write(msgspec.json.encode(document, order="sorted") + b"\n")
            file.flush()

        yield write


def read_trace(path: Path, question: str | None, seed: int) -> Document:
    """One episode of a file of traces.

    Args:
        path: the file.
        question: the question's id or number; ``None`` for the first episode.
        seed: the episode's.

    Raises:
        InputError: it holds no such episode, or is no such file.
        OSError: it cannot be read.
    """
    refuse_misplaced(path, {FileKind.EPISODES}, "a file of live episodes")
    names = []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                found = msgspec.json.decode(line, type=Document)
                known = msgspec.convert(found.what, type=Known)
            except (msgspec.DecodeError, UnicodeDecodeError) as problem:
                raise InputError(
                    f"{path}:{number}: is no trace of `rheostat run`: {problem}"
                ) from problem
            name, at = known.question.id, known.question.number
            wanted = question in (None, name, str(at))
            if wanted and (question is None or known.seed == seed):
                return found
            names.append(name)
    listed = ", ".join(dict.fromkeys(names)) or "nothing"
    raise InputError(
        f"{path}: holds no episode of question {question!r} with seed {seed}",
        hint=f"it holds {listed[:300]}",
    )

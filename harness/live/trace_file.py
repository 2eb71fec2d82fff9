"""Live episodes in a file, a line each, in the form that ``rheostat trace --json`` has."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec

from harness.errors import InputError
from harness.explanation.episode_trace import EpisodeTrace
from harness.live.runner import LiveResult
from harness.request.misplaced import refuse_misplaced
from harness.request.plan import Plan, describe_plan_origin
from harness.request.recordings import NamedRecording
from store.file_kinds import FileKind
from store.serving.engine import Served


class EpisodeDocument(msgspec.Struct, frozen=True):
    """One episode, and what it comes from."""

    what: dict[str, object]
    episode: EpisodeTrace


class QuestionReference(msgspec.Struct, frozen=True):
    """Which question it was."""

    id: str
    number: int


class EpisodeProvenance(msgspec.Struct, frozen=True):
    """What every live episode's document says of where it comes from."""

    controller: str
    origin: str
    engine: str
    question: QuestionReference
    seed: int
    seconds: float


def build_document(
    plan: Plan, served: Served, recordings: Sequence[NamedRecording], live_result: LiveResult
) -> EpisodeDocument:
    """Return an episode with all that it comes from."""
    what = describe_plan_origin(plan, recordings) | {
        "engine": f"live, {served.model} by vllm {served.version}",
        "question": {"id": live_result.question, "number": live_result.number},
        "seed": live_result.seed,
        "seconds": live_result.seconds,
        "probes": live_result.probes,
        "probe_tokens": live_result.probe_tokens,
    }
    return EpisodeDocument(what, live_result.episode)


@contextlib.contextmanager
def open_trace_file(path: Path | None) -> Iterator[Callable[[EpisodeDocument], None]]:
    """Provide a file of traces, a line each; what was written stays, whatever comes after it.

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

        def write(document: EpisodeDocument) -> None:
            file.write(msgspec.json.encode(document, order="sorted") + b"\n")
            file.flush()

        yield write


def read_trace(path: Path, question: str | None, seed: int) -> EpisodeDocument:
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
                found = msgspec.json.decode(line, type=EpisodeDocument)
                known = msgspec.convert(found.what, type=EpisodeProvenance)
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

"""Files of live episodes, one per line, in the format of ``rheostat trace --json``."""

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
from store.decode_errors import DECODE_ERRORS, describe_decode_error
from store.file_kinds import FileKind
from store.serving.engine import Served


class EpisodeDocument(msgspec.Struct, frozen=True):
    """One episode and its origin."""

    what: dict[str, object]
    episode: EpisodeTrace


class QuestionReference(msgspec.Struct, frozen=True):
    """Identifies the question."""

    id: str
    number: int


class EpisodeProvenance(msgspec.Struct, frozen=True):
    """The origin that every live episode's document records."""

    controller: str
    origin: str
    engine: str
    question: QuestionReference
    seed: int
    seconds: float


def build_document(
    plan: Plan, served: Served, recordings: Sequence[NamedRecording], live_result: LiveResult
) -> EpisodeDocument:
    """Return an episode with its origin.

    Args:
        plan: The controller and its setting.
        served: The model and how it is served.
        recordings: The recording that the episode is compared with, if any.
        live_result: The episode.
    """
    what = describe_plan_origin(plan, recordings) | {
        "engine": f"live, {served.model} by {served.software}",
        "question": {"id": live_result.question, "number": live_result.number},
        "seed": live_result.seed,
        "seconds": live_result.seconds,
        "probes": live_result.probes,
        "probe_tokens": live_result.probe_tokens,
    }
    return EpisodeDocument(what, live_result.episode)


@contextlib.contextmanager
def open_trace_file(path: Path | None) -> Iterator[Callable[[EpisodeDocument], None]]:
    """Open a new file of traces, one per line; lines are kept whatever fails later.

    Raises:
        InputError: The file exists already.
        OSError: It cannot be written.
    """
    if path is None:
        yield lambda document: None
        return
    try:
        file: IO[bytes] = path.open("xb")
    except FileExistsError:
        raise InputError(f"{path}: already exists; name a new file for the traces") from None
    with file:

        def write(document: EpisodeDocument) -> None:
            file.write(msgspec.json.encode(document, order="sorted") + b"\n")
            file.flush()

        yield write


def read_trace(path: Path, question: str | None, seed: int) -> EpisodeDocument:
    """Read one episode from a file of traces.

    Args:
        path: The file.
        question: The question's id or number; ``None`` for the first episode.
        seed: The episode's seed.

    Raises:
        InputError: It holds no such episode, or is not a file of traces.
        OSError: It cannot be read.
    """
    refuse_misplaced(path, {FileKind.EPISODES}, "a file of live episodes")
    names = []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                document = msgspec.json.decode(line, type=EpisodeDocument)
                known = msgspec.convert(document.what, type=EpisodeProvenance)
            except DECODE_ERRORS as problem:
                reason = describe_decode_error(problem)
                raise InputError(
                    f"{path}:{number}: not a trace of `rheostat run`: {reason}"
                ) from problem
            name, question_number = known.question.id, known.question.number
            wanted = question in (None, name, str(question_number))
            if wanted and (question is None or known.seed == seed):
                return document
            names.append(name)
    listed = ", ".join(dict.fromkeys(names)) or "nothing"
    raise InputError(
        f"{path}: has no episode of question {question!r} with seed {seed}",
        hint=f"it has {listed[:300]}",
    )

"""The scores of a collection's branches, by all of its scorers.

A branch is recorded when it has all of its scores. Until then each score is in a file beside the
journal, `NAME.scores`, under the digest of the command and the line that it answers. So a resumed
collection does not request it again. The file is removed when the recording is sealed.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from hashlib import blake2b
from pathlib import Path
from typing import IO

import msgspec

from store.collection.scorers import SILENCE, Scorer, ScorerInput, ScorerProcess, make_input
from store.decode_errors import DECODE_ERRORS
from store.errors import attribute_os_errors
from store.records import Question

MOST_WAITING = 256
"""Branches that may wait for scores before no more are begun: an interruption loses no others."""


class ScoreLine(msgspec.Struct, frozen=True):
    """One score in a file of scores."""

    key: str
    score: float


_DECODER = msgspec.json.Decoder(ScoreLine)


def score_key(scorer: Scorer, branch: ScorerInput) -> str:
    """Return the digest of a scorer's command and the line that it reads."""
    content = msgspec.msgpack.encode([scorer.command, msgspec.json.encode(branch)])
    return blake2b(content, digest_size=32).hexdigest()


class ScoreFile:
    """The scores of branches that are not recorded yet, in a file that only grows.

    The caller holds the lock of the journal, so that no other process writes it.

    Args:
        recording: path of the recording.
    """

    def __init__(self, recording: Path):
        self.path = score_path(recording)
        self._scores: dict[str, float] = {}
        self._file: IO[bytes] | None = None
        if self.path.exists():
            for line in self.path.read_bytes().splitlines():
                # The last line is incomplete if the collector was killed in the middle of it.
                try:
                    score = _DECODER.decode(line)
                except DECODE_ERRORS:
                    continue
                self._scores[score.key] = score.score

    def get(self, key: str) -> float | None:
        """Return a score, or ``None``."""
        return self._scores.get(key)

    def add(self, key: str, score: float) -> None:
        """Add a score. The operating system has it when this returns."""
        with attribute_os_errors(self.path):
            if self._file is None:
                self._file = self.path.open("ab", buffering=0)
                if self._file.tell():
                    self._file.write(b"\n")
            self._file.write(msgspec.json.encode(ScoreLine(key, score)) + b"\n")
        self._scores[key] = score

    def close(self) -> None:
        """Close the file. Closing twice is harmless."""
        if self._file is not None:
            self._file.close()
            self._file = None


def score_path(recording: Path) -> Path:
    """Return the path of the file of scores beside a recording."""
    return recording.with_name(f"{recording.name}.scores")


def remove_scores(recording: Path) -> None:
    """Remove the file of scores beside a recording, if there is one."""
    score_path(recording).unlink(missing_ok=True)


class BranchScoring:
    """Scores branches with programs that run.

    Args:
        processes: the programs, which were started.
        scores: earlier scores.
        most: how many branches may wait for scores before no more are begun.
    """

    def __init__(
        self, processes: Sequence[ScorerProcess], scores: ScoreFile, *, most: int = MOST_WAITING
    ):
        self._processes = processes
        self._scores = scores
        self._most = most
        self._waiting = 0
        self._fewer = asyncio.Event()
        self._fewer.set()

    async def wait_for_scores(self) -> None:
        """Wait until few enough branches wait for scores."""
        await self._fewer.wait()

    async def signals(self, question: Question, index: int, text: str) -> dict[str, list[float]]:
        """Return the values of the scorers' signals for a branch.

        Args:
            question: the question.
            index: the branch's index.
            text: the branch's whole text.

        Raises:
            ScorerError: a scorer fails; the scores of the others are kept.
        """
        branch = make_input(question, index, text)
        self._count(1)
        try:
            results = await asyncio.gather(
                *(self._score(process, branch) for process in self._processes),
                return_exceptions=True,
            )
        finally:
            self._count(-1)
        signals: dict[str, list[float]] = {}
        for process, result in zip(self._processes, results, strict=True):
            if isinstance(result, BaseException):
                raise result
            signals[process.scorer.name] = [result]
        return signals

    def _count(self, change: int) -> None:
        self._waiting += change
        if self._waiting < self._most:
            self._fewer.set()
        else:
            self._fewer.clear()

    async def _score(self, process: ScorerProcess, branch: ScorerInput) -> float:
        key = score_key(process.scorer, branch)
        score = self._scores.get(key)
        if score is None:
            score = await process.score(branch)
            self._scores.add(key, score)
        return score

    async def finish(self) -> None:
        """End all programs after their last answers.

        Raises:
            ScorerError: one answered more lines than it was sent.
        """
        for process in self._processes:
            await process.finish()


@asynccontextmanager
async def open_scoring(
    scorers: Sequence[Scorer], recording: Path, *, silence: float = SILENCE
) -> AsyncIterator[BranchScoring]:
    """Start scorers, and stop them at the end.

    Args:
        scorers: the programs; there may be none.
        recording: path of the recording, whose journal is open.
        silence: seconds without an answer after which a scorer counts as stuck.

    Raises:
        ScorerError: one cannot be started.
    """
    async with AsyncExitStack() as stack:
        scores = ScoreFile(recording)
        stack.callback(scores.close)
        processes = [ScorerProcess(scorer, silence=silence) for scorer in scorers]
        for process in processes:
            stack.push_async_callback(process.stop)
            await process.start()
        yield BranchScoring(processes, scores)

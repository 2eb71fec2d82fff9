"""Scorers: programs of the user whose numbers become named signals of branches.

A scorer reads one JSON line for each branch on its standard input, and answers one on its standard
output, in the same order. It is one process during a session of a collection. It may read several
lines before it answers the first, so that it can score them together.
"""

import asyncio
import math
import os
import signal
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, ClassVar

import msgspec

from store.collection.missing import describe_branches
from store.decode_errors import DECODE_ERRORS
from store.records import Question, SignalDeclaration

SILENCE = 600.0
"""Seconds without an answer after which a scorer counts as stuck. It may load a model first."""

LONGEST_ANSWER = 1 << 20
"""Bytes of one answer."""

_GRACE = 10.0
"""Seconds for a scorer to end after its input has ended."""

_SHOWN = 100
"""Characters of a bad answer that a message shows."""


class Scorer(msgspec.Struct, frozen=True, kw_only=True):
    """A program, and the signal that it gives."""

    name: str
    """Of the signal."""
    command: list[str]
    """The program and its arguments; no shell reads them."""
    declaration: SignalDeclaration


class ScorerInput(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a scorer reads of one branch. The correct answer is left out."""

    id: str
    question: str
    branch: int
    text: str
    choices: list[str] | None = None


class ScorerAnswer(msgspec.Struct, frozen=True):
    """What a scorer answers for one branch."""

    score: float
    id: str | None = None
    branch: int | None = None
    """The id and the branch of the line that it answers, where it repeats them."""


class ScorerError(Exception):
    """A scorer cannot be used; the message names it, the question and the branch."""

    exit_code: ClassVar[int] = 3
    hint: str | None = None


_DECODER = msgspec.json.Decoder(ScorerAnswer)


def make_input(question: Question, index: int, text: str) -> ScorerInput:
    """Return what a scorer reads of a branch.

    Args:
        question: the question.
        index: the branch's index.
        text: the branch's whole text.
    """
    return ScorerInput(question.id, question.text or "", index, text, question.choices)


class _Request:
    """A branch whose score has not come yet."""

    def __init__(self, branch: ScorerInput):
        self.branch = branch
        self.result: asyncio.Future[float | str] = asyncio.get_running_loop().create_future()
        """The score, or the reason why there is none."""

    def resolve(self, result: float | str) -> None:
        # The waiting task may have been cancelled; its answer is still read, in its turn.
        if not self.result.done():
            self.result.set_result(result)


class ScorerProcess:
    """A scorer that runs.

    Args:
        scorer: the program.
        silence: seconds without an answer after which it counts as stuck.
    """

    def __init__(self, scorer: Scorer, *, silence: float = SILENCE):
        self.scorer = scorer
        self._silence = silence
        self._waiting: deque[_Request] = deque()
        self._failure: str | None = None
        self._heard = 0.0
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process

    async def start(self) -> None:
        """Start the program.

        Raises:
            ScorerError: it cannot be started.
        """
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.scorer.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=self._log,
                limit=LONGEST_ANSWER,
                # Python keeps the lines of a pipe back until it has many of them.
                env={"PYTHONUNBUFFERED": "1"} | os.environ,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or str(error)
            raise self._error(
                f"`{self.scorer.command[0]}` cannot be started: {reason}",
                hint="check the path of the program and its permissions",
            ) from error
        self._reader = asyncio.create_task(self._read(self._process))

    async def score(self, branch: ScorerInput) -> float:
        """Return the score of a branch.

        Raises:
            ScorerError: the program has ended, is stuck, or answers something else than a number.
        """
        if self._process is None or self._process.stdin is None:
            raise ValueError("the scorer was not started")
        if self._failure is not None:
            raise self._error(self._failure, branch)
        request = _Request(branch)
        if not self._waiting:
            self._heard = time.monotonic()
        self._waiting.append(request)
        self._process.stdin.write(msgspec.json.encode(branch) + b"\n")
        # If the program has ended, the end of its output has the reason.
        with suppress(ConnectionError):
            await self._process.stdin.drain()
        result = await self._result(request)
        if isinstance(result, str):
            raise self._error(result, branch)
        return result

    async def finish(self) -> None:
        """End the program after its last answer.

        Raises:
            ScorerError: it answered more lines than it was sent.
        """
        if self._process is None or self._reader is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        await asyncio.wait([self._reader], timeout=_GRACE)
        if self._failure == _SURPLUS:
            raise self._error(
                f"{_SURPLUS}, so scores of this session may belong to other branches",
                hint="fix the program and collect into another file; if those lines are no scores,"
                " the same command completes this one",
            )

    async def stop(self) -> None:
        """End the program now, with all processes that it has started."""
        if self._process is not None and self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        self._log.close()

    async def _result(self, request: _Request) -> float | str:
        while not request.result.done():
            left = self._heard + self._silence - time.monotonic()
            if left <= 0:
                self._fail(
                    f"no answer for {self._silence:g} s; it must flush its output after each line"
                )
            await asyncio.wait([request.result], timeout=max(left, 0))
        return request.result.result()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Give each answer to the branch that waits longest, until the program ends."""
        assert process.stdout is not None
        while self._failure is None:
            try:
                line = await process.stdout.readline()
            except ValueError:
                self._fail(f"its answer is longer than {LONGEST_ANSWER:,} bytes")
                return
            if not line:
                await self._read_end(process)
                return
            if not self._waiting:
                self._fail(_SURPLUS)
                return
            self._heard = time.monotonic()
            request = self._waiting[0]
            try:
                score = parse_answer(line, request.branch)
            except ValueError as error:
                self._fail(str(error))
                return
            self._waiting.popleft()
            request.resolve(score)

    async def _read_end(self, process: asyncio.subprocess.Process) -> None:
        try:
            status = await asyncio.wait_for(process.wait(), _GRACE)
        except TimeoutError:
            self._fail("it closed its output without an answer")
            return
        how = f"status {status}" if status >= 0 else f"signal {-status}"
        last = self._last_line()
        self._fail(f"it ended with {how} before its answer{last and f': {last}'}")

    def _last_line(self) -> str:
        """Return the last line that the program wrote to its standard error."""
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 4096))
        lines = self._log.read().decode("utf-8", "replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _fail(self, reason: str) -> None:
        self._failure = reason
        while self._waiting:
            self._waiting.popleft().resolve(reason)

    def _error(
        self, reason: str, branch: ScorerInput | None = None, hint: str | None = None
    ) -> ScorerError:
        where = "" if branch is None else f"{describe_branches(branch.id, [branch.branch])}: "
        error = ScorerError(f"scorer {self.scorer.name}: {where}{reason}")
        error.hint = hint
        return error


_SURPLUS = "it printed more lines than it was sent"


def parse_answer(line: bytes, branch: ScorerInput) -> float:
    """Return the score that a line of a scorer gives to a branch.

    Raises:
        ValueError: it gives none, or is the answer for another branch; the message is the reason.
    """
    try:
        answer = _DECODER.decode(line)
    except DECODE_ERRORS as error:
        text = line.decode("utf-8", "replace").strip()
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        raise ValueError(
            f'its answer {shown!r} is not a line such as {{"score": 0.5}}, with a finite number'
        ) from error
    if not math.isfinite(answer.score):
        raise ValueError(f"its score is {answer.score}, which is not a finite number")
    expected = (branch.id, branch.branch)
    named = (
        branch.id if answer.id is None else answer.id,
        branch.branch if answer.branch is None else answer.branch,
    )
    if named != expected:
        raise ValueError(
            f"its answer is for {describe_branches(named[0], [named[1]])}; answers must be in the"
            " order of the lines"
        )
    return answer.score


def declare_scores(scorers: Sequence[Scorer]) -> dict[str, SignalDeclaration]:
    """Return the declarations of the signals that scorers give, by name."""
    return {scorer.name: scorer.declaration for scorer in scorers}

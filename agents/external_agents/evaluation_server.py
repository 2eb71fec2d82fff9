"""The evaluation server of a round: replies to an agent's client shim over a socket.

It plays programs on the shown part of the round, within the allowance of the proposer's bench. Its
replies contain figures only: no questions, answers or file names.
"""

import json
import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from agents.formatting import format_gain
from agents.search.bench_protocol import Bench
from agents.search.measurements import ProgramScore, QuestionGain
from harness.errors import InputError
from harness.presentation.table import align
from harness.request.controllers import diagnose_text

MAX_REQUEST_BYTES = 400_000
"""Maximum bytes of a request."""

MAX_QUESTIONS = 12
"""Maximum number of questions that a comparison lists."""

USAGE_ERROR = 2
"""Exit status of an invalid request."""


class ShimRequest(NamedTuple):
    """A request of the client shim."""

    do: str
    source: str
    quick: bool
    beta: float
    others: tuple[str, ...] = ()
    """Further programs of a sweep, or the one to compare with."""


class EvaluationServer:
    """Reply to requests, one at a time.

    Args:
        bench: Bench of the proposer in the round.
    """

    def __init__(self, bench: Bench):
        self._bench = bench
        self._lock = threading.Lock()
        self.played: list[ShimRequest] = []
        """Requests that played programs, in order; performing them again gives the same state."""

    def answer(self, line: bytes) -> dict[str, Any]:
        """Return the reply to a request: its text and the exit status."""
        try:
            fields = json.loads(line)
            request = ShimRequest(
                str(fields["do"]), _text(fields["source"]), bool(fields.get("quick")),
                float(fields.get("beta", 0.5)),
                tuple(_text(field) for field in fields.get("others", ())),
            )  # fmt: skip
        except (ValueError, KeyError, TypeError):
            return {"text": "error: the request cannot be read", "status": USAGE_ERROR}
        with self._lock:
            try:
                return {"text": self.perform(request), "status": 0}
            except InputError as problem:
                message = str(problem)
                return {
                    "text": message if message[:5] == "error" else f"error: {message}",
                    "status": USAGE_ERROR,
                }
            except KeyboardInterrupt:  # the round itself is interrupted in its own thread
                return {"text": "error: the run is being stopped", "status": 4}

    def perform(self, request: ShimRequest) -> str:
        """Perform a request and return the text of the reply.

        Raises:
            InputError: The request is invalid, or its program cannot be played.
            KeyboardInterrupt: A stop of the session was requested.
        """
        match request.do:
            case "check":
                return self._check(request.source)
            case "sweep":
                for source in (request.source, *request.others):
                    self._check(source)
                self.played.append(request)
                return self._sweep(request)
            case "compare":
                for source in (request.source, *request.others):
                    self._check(source)
                self.played.append(request)
                return self._compare(request)
            case "explore":
                return self._bench.describe_base_rates()
            case "profile":
                self._check(request.source)
                if not 0 <= request.beta <= 1:
                    raise InputError("--beta: must be from 0 to 1")
                self.played.append(request)
                return self._bench.profile(request.source, request.beta, self._bench.language)
            case _:
                raise InputError("available here: check, sweep, compare, profile and explore")

    def _check(self, source: str) -> str:
        diagnosis = diagnose_text(source, f"candidate{self._bench.language.suffix}")
        if not diagnosis.sound:
            raise InputError(diagnosis.text)
        return diagnosis.text or "it checks"

    def _sweep(self, request: ShimRequest) -> str:
        sources = [request.source, *request.others]
        scores = self._bench.play(
            sources, thorough=not request.quick, language=self._bench.language
        )
        if all(score is None for score in scores):
            allowance = self._bench.allowance
            raise InputError(
                "it cannot be played" if allowance else "no programs are left to play in this round"
            )
        parts = []
        for number, score in enumerate(scores, start=1):
            name = "" if len(sources) == 1 else f"program {number}: "
            table = None if score is None else _table(name, score, self._bench.labels)
            parts.append(table or f"{name}cannot be played")
        for name, score in self._bench.list_references():
            parts.append(f"{name}: objective {score.score:.2f}, on the same part")
        parts.append(f"{self._bench.allowance} programs are left to play")
        return "\n\n".join(parts)

    def _compare(self, request: ShimRequest) -> str:
        other = request.others[0] if request.others else None
        comparison = self._bench.compare(request.source, other, language=self._bench.language)
        gain = comparison.gain
        figures = format_gain(gain.value, gain.low, gain.high, signed_bounds=True, separator=" to ")
        verdict = "" if gain.counts else "; the interval includes 0"
        lines = [
            (
                f"gain {figures} over"
                f" {'the other program' if other is not None else 'the best'}{verdict}"
            ),
            f"{len(comparison.questions)} questions differ, over all beta; tokens are means",
            f"{'recording':<28}  question  difference  tokens  of the other",
        ]
        lines += [_format_difference(question) for question in comparison.questions[:MAX_QUESTIONS]]
        return "\n".join([*lines, "", f"{self._bench.allowance} programs are left to play"])


def _format_difference(question: QuestionGain) -> str:
    return (
        f"{align(question.recording, 28)}  {question.question:>8}  {question.difference:>+10.1f}"
        f"  {question.tokens:>12,.0f}  {question.other_tokens:>12,.0f}"
    )


def _table(name: str, score: ProgramScore, labels: Sequence[str]) -> str:
    """Format the objective of a program, and its curve on each recording.

    Args:
        name: What the program is called, with a colon; empty if it is the only one.
        score: Its score.
        labels: Labels of the recordings, in the order of the score.
    """
    lines = [f"{name}objective {score.score:.2f}, the mean over what this round shows"]
    if not score.steady:
        lines.append("its tokens fall somewhere as beta rises, so it cannot be selected")
    for label, value, curve in zip(labels, score.by_recording, score.curves, strict=True):
        lines += ["", f"{label}: {value:.2f}", "   point  accuracy %        tokens    sequential"]
        lines += [
            f"{point:>8}  {accuracy:>10.2f}  {cost:>12,.0f}  {sequential:>12,.0f}"
            for point, (accuracy, cost, sequential) in enumerate(
                zip(curve.accuracy, curve.cost, curve.sequential, strict=True), start=1
            )
        ]
    return "\n".join(lines)


@contextmanager
def serve_evaluations(path: Path, bench: Bench) -> Iterator[EvaluationServer]:
    """Run an evaluation server inside a block.

    Args:
        path: Path of its socket.
        bench: Bench of the proposer in the round.
    """
    evaluations = EvaluationServer(bench)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline(MAX_REQUEST_BYTES)
            self.wfile.write(json.dumps(evaluations.answer(line)).encode() + b"\n")

    server = _SocketServer(str(path), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield evaluations
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _SocketServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore client disconnects."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value

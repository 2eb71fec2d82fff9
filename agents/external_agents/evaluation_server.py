"""The evaluation server of a round: answers an agent's ``rheostat`` over a socket.

It plays on what the round shows, by the proposer's bench, and counts it there. It answers with
figures alone: no question, no answer and no name of a file ever crosses it.
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
from agents.search.measurements import ProgramScore
from harness.errors import InputError
from harness.request.controllers import diagnose_text

MAX_REQUEST_BYTES = 400_000
"""Bytes of a request."""

MOST_QUESTIONS = 12
"""Questions of a comparison that are listed."""

USAGE_ERROR = 2
"""The exit status of what cannot be used."""


class ShimRequest(NamedTuple):
    """Something that was played for the agent."""

    do: str
    source: str
    quick: bool
    beta: float
    others: tuple[str, ...] = ()
    """Further programs of a sweep, or the one to compare with."""


class EvaluationServer:
    """Answers requests, one at a time.

    Args:
        bench: of the round.
    """

    def __init__(self, bench: Bench):
        self._bench = bench
        self._lock = threading.Lock()
        self.played: list[ShimRequest] = []
        """All that was played, in order: played again, it comes to the same."""

    def answer(self, line: bytes) -> dict[str, Any]:
        """Return the answer to a request: its text, and the exit status."""
        try:
            request = json.loads(line)
            asked = ShimRequest(
                str(request["do"]), _text(request["source"]), bool(request.get("quick")),
                float(request.get("beta", 0.5)),
                tuple(_text(each) for each in request.get("others", ())),
            )  # fmt: skip
        except (ValueError, KeyError, TypeError):
            return {"text": "error: the request cannot be read", "status": USAGE_ERROR}
        with self._lock:
            try:
                return {"text": self.perform(asked), "status": 0}
            except InputError as problem:
                told = str(problem)
                return {
                    "text": told if told[:5] == "error" else f"error: {told}",
                    "status": USAGE_ERROR,
                }
            except KeyboardInterrupt:  # in this thread it is for the agent; the round hears it too
                return {"text": "error: the run is being stopped", "status": 4}

    def perform(self, asked: ShimRequest) -> str:
        """Do what was asked.

        Raises:
            InputError: it cannot be done.
            KeyboardInterrupt: somebody wants the session to stop.
        """
        match asked.do:
            case "check":
                return self._checked(asked.source)
            case "sweep":
                for each in (asked.source, *asked.others):
                    self._checked(each)
                self.played.append(asked)
                return self._swept(asked)
            case "compare":
                for each in (asked.source, *asked.others):
                    self._checked(each)
                self.played.append(asked)
                return self._compared(asked)
            case "explore":
                return self._bench.describe_base_rates()
            case "profile":
                self._checked(asked.source)
                if not 0 <= asked.beta <= 1:
                    raise InputError("--beta: lies between 0 and 1")
                self.played.append(asked)
                return self._bench.profile(asked.source, asked.beta, self._bench.language)
            case _:
                raise InputError("available here: check, sweep, compare, profile and explore")

    def _checked(self, source: str) -> str:
        found = diagnose_text(source, f"candidate{self._bench.language.suffix}")
        if not found.sound:
            raise InputError(found.told)
        return found.told or "it checks"

    def _swept(self, asked: ShimRequest) -> str:
        sources = [asked.source, *asked.others]
        scores = self._bench.play(sources, thorough=not asked.quick, language=self._bench.language)
        if all(each is None for each in scores):
            left = self._bench.allowance
            raise InputError(
                "it cannot be played" if left else "no programs are left to play in this round"
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

    def _compared(self, asked: ShimRequest) -> str:
        other = asked.others[0] if asked.others else None
        found = self._bench.compare(asked.source, other, language=self._bench.language)
        gain = found.gain
        figures = format_gain(gain.value, gain.low, gain.high, signed_bounds=True, separator=" to ")
        verdict = "" if gain.counts else "; the interval includes 0"
        lines = [
            (
                f"gain {figures} over"
                f" {'the other program' if other is not None else 'the best'}{verdict}"
            ),
            f"{len(found.questions)} questions differ, over all beta; tokens are means",
            f"{'recording':<28}  question  difference  tokens  of the other",
        ]
        lines += [
            f"{each.recording:<28}  {each.question:>8}  {each.difference:>+10.1f}"
            f"  {each.tokens:>12,.0f}  {each.other_tokens:>12,.0f}"
            for each in found.questions[:MOST_QUESTIONS]
        ]
        return "\n".join([*lines, "", f"{self._bench.allowance} programs are left to play"])


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
    """Serve a desk for the length of a block.

    Args:
        path: of its socket.
        bench: of the round.
    """
    desk = EvaluationServer(bench)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline(MAX_REQUEST_BYTES)
            self.wfile.write(json.dumps(desk.answer(line)).encode() + b"\n")

    server = _SocketServer(str(path), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield desk
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

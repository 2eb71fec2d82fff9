"""The desk of a round: answers an agent's ``rheostat`` over a socket in its scratch directory.

It plays on what the round shows, by the proposer's bench, and counts it there. It answers with
figures alone: no question, no answer and no name of a file ever crosses it.
"""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from agents.search.bench_protocol import Bench
from agents.search.measurements import ProgramScore
from harness.errors import InputError
from harness.request.controllers import diagnose_text

MAX_REQUEST_BYTES = 400_000
"""Bytes of a request."""

USAGE_ERROR = 2
"""The exit status of what cannot be used."""


class ShimRequest(NamedTuple):
    """Something that was played for the agent."""

    do: str
    source: str
    quick: bool
    beta: float


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
        """The answer to a request: its text, and the exit status."""
        try:
            request = json.loads(line)
            asked = ShimRequest(
                str(request["do"]), _text(request["source"]), bool(request.get("quick")),
                float(request.get("beta", 0.5)),
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
        """Does what was asked.

        Raises:
            InputError: it cannot be done.
            KeyboardInterrupt: somebody wants the session to stop.
        """
        match asked.do:
            case "check":
                return self._checked(asked.source)
            case "sweep":
                self._checked(asked.source)
                self.played.append(asked)
                return self._swept(asked)
            case "profile":
                self._checked(asked.source)
                if not 0 <= asked.beta <= 1:
                    raise InputError("--beta: lies between 0 and 1")
                self.played.append(asked)
                return self._bench.profile(asked.source, asked.beta, self._bench.language)
            case _:
                raise InputError("there are check, sweep and profile here, and nothing else")

    def _checked(self, source: str) -> str:
        found = diagnose_text(source, f"candidate{self._bench.language.suffix}")
        if not found.sound:
            raise InputError(found.told)
        return found.told or "it checks"

    def _swept(self, asked: ShimRequest) -> str:
        worth = self._bench.play(
            [asked.source], closely=not asked.quick, language=self._bench.language
        )[0]
        if worth is None:
            left = self._bench.allowance
            why = "it cannot be played" if left else "no programs are left to play in this round"
            raise InputError(why)
        return self._table(worth)

    def _table(self, worth: ProgramScore) -> str:
        lines = [f"objective {worth.score:.2f}, the mean over what this round shows"]
        if not worth.steady:
            lines.append("its cost falls somewhere as beta rises, so it cannot be selected")
        for label, value, curve in zip(
            self._bench.labels, worth.by_recording, worth.curves, strict=True
        ):
            lines += ["", f"{label}: {value:.2f}", "   point  accuracy %  tokens"]
            lines += [
                f"{point:>8}  {accuracy:>10.2f}  {cost:>12,.0f}"
                for point, (accuracy, cost) in enumerate(
                    zip(curve.accuracy, curve.cost, strict=True), start=1
                )
            ]
        lines += ["", f"{self._bench.allowance} programs are left to play"]
        return "\n".join(lines)


@contextmanager
def serve_evaluations(path: Path, bench: Bench) -> Iterator[EvaluationServer]:
    """Serves a desk for the length of a block.

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
        """An agent that hangs up is no concern of ours."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value

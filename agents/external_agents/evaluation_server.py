"""The evaluation server of a round: replies to an agent's client shim over a socket.

It plays programs on the shown part of the round, within the allowance of the proposer's bench. Its
replies contain figures only: no questions, answers or file names.
"""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from agents.external_agents.evaluation_tables import (
    format_comparison,
    format_score,
    format_settings,
)
from agents.search.bench_protocol import Bench
from harness.errors import InputError
from harness.messages import format_count
from harness.request.assignments import expand_assignments
from harness.request.controllers import RheoController, diagnose_text, parse_playable
from store.decode_errors import DECODE_ERRORS

MAX_REQUEST_BYTES = 400_000
"""Maximum bytes of a request."""

NO_PROGRAMS = "no programs are left to play in this round"

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
    settings: tuple[str, ...] = ()
    """Values of free knobs in a sweep: ``n=1,4,16``."""


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
                tuple(_text(text) for text in fields.get("settings", ())),
            )  # fmt: skip
        except (*DECODE_ERRORS, KeyError, TypeError):
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
                return self._sweep_settings(request) if request.settings else self._sweep(request)
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
            raise InputError("it cannot be played" if allowance else NO_PROGRAMS)
        references = self._bench.list_references()
        parts = []
        for number, score in enumerate(scores, start=1):
            name = "" if len(sources) == 1 else f"program {number}: "
            table = None
            if score is not None:
                table = format_score(name, score, self._bench.labels, references)
            parts.append(table or f"{name}cannot be played")
        parts += [f"{name}: objective {score.score:.2f}, on the same part"
                  for name, score in references]  # fmt: skip
        return "\n\n".join([*parts, self._remainder])

    def _sweep_settings(self, request: ShimRequest) -> str:
        """Play settings of one program with free knobs."""
        if request.others:
            raise InputError("--set takes one program")
        program = parse_playable(request.source, f"candidate{self._bench.language.suffix}")
        [settings] = expand_assignments([program], request.settings)
        if isinstance(program, RheoController) and program.checked.scheduled:
            raise InputError("--set needs a program without a schedule")
        seeds = self._bench.seeds(thorough=not request.quick)
        figures = self._bench.play_settings(request.source, settings, seeds)
        if figures is None:
            most = self._bench.setting_allowance // len(seeds)
            raise InputError(f"{len(settings)} settings are requested, and {most} are left to play")
        references = self._bench.list_references()
        table = format_settings(settings, figures, self._bench.labels, references)
        note = "means over recordings; frontier: no setting with as few tokens is as accurate"
        return f"{table}\n\n{note}\n\n{self._remainder}"

    def _compare(self, request: ShimRequest) -> str:
        other = request.others[0] if request.others else None
        comparison = self._bench.compare(request.source, other, language=self._bench.language)
        return f"{format_comparison(comparison)}\n\n{self._remainder}"

    @property
    def _remainder(self) -> str:
        count = self._bench.allowance
        return f"{format_count(count, 'program')} {'is' if count == 1 else 'are'} left to play"


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

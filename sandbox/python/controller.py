"""A controller in Python, as the seam takes it: a `dsl.episode.Controller`.

The code runs in a greenlet of its own, so that a verb is a plain call for whoever writes it and yet
leaves the episode where it is: many can wait side by side, without threads. Each episode begins
with the module run anew, so nothing is remembered from one to the next.
"""

import itertools
import sys
from types import CodeType, FrameType, TracebackType
from typing import TypeAlias

import greenlet

from dsl.episode import Answer, AnyVerb, Episode, Origin, Outcome, VerbGenerator
from dsl.random_draws import EpisodeRandom
from sandbox.faults import (
    MOST_TEXT,
    ControllerError,
    Exhausted,
    Fault,
    Reason,
    TimeLimitExceeded,
    TurnLimitExceeded,
    truncate_text,
)
from sandbox.python.controller_episode import ShownEpisode
from sandbox.python.functions import make_random_functions
from sandbox.python.guards import guarded_globals
from sandbox.python.policy import FILE, compile_controller

Places: TypeAlias = dict[tuple[CodeType, int], Origin]
"""Where instructions stand in the text, as far as that has been asked."""

MOST_TURNS = 1_000_000
"""Turns of loops and calls that one episode may take."""


class PythonController:
    """One controller, ready to play episodes.

    Args:
        text: the code.
        name: what results call it.
        most_turns: turns of loops and calls that one episode may take.
        counting: whether it counts how often its lines run.

    Raises:
        PolicyViolation: the policy does not admit it.
    """

    def __init__(
        self,
        text: str,
        name: str = "controller",
        *,
        most_turns: int = MOST_TURNS,
        counting: bool = False,
    ):
        self._code = compile_controller(text, counting=counting)
        self._name = name
        self._most_turns = most_turns
        self._places: Places = {}

    @property
    def name(self) -> str:
        """The name under which results are listed."""
        return self._name

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        """Plays one episode; see `dsl.episode.Controller.play`."""
        return self.begin(episode, beta, EpisodeRandom(episode.seed, episode.question), {})

    def begin(
        self, episode: Episode, beta: float | None, draws: EpisodeRandom, lines: dict[int, int]
    ) -> VerbGenerator:
        """The same with chance of the caller's.

        Args:
            episode: what it reads.
            beta: β, ``None`` for none.
            draws: its chance.
            lines: is told how often each line ran, where that is counted.

        Raises:
            ControllerError: on the way, with the reason and the place.
        """
        running = greenlet.greenlet(self._run)
        try:
            verb = self._resume(running, episode, beta, draws, lines)
            while not isinstance(verb, Answer):
                outcome = yield verb
                verb = self._resume(running, outcome)
            yield verb
        finally:
            if running:
                running.throw(greenlet.GreenletExit)

    def _resume(self, running: greenlet.greenlet, *sent: object) -> AnyVerb:
        """Runs the controller up to its next verb; what it raises comes out as one kind of error.

        The exception is told and let go: its traceback holds the frames of the controller.
        """
        try:
            verb: AnyVerb = running.switch(*sent)
        except (TurnLimitExceeded, TimeLimitExceeded, Exception) as problem:  # noqa: BLE001 - it may be anything
            try:
                fault = _told(problem, self._places)
            except TimeLimitExceeded:  # it rang again meanwhile
                fault = _told(problem, self._places)
        else:
            return verb
        raise ControllerError(fault)

    def _run(
        self, episode: Episode, beta: float | None, draws: EpisodeRandom, lines: dict[int, int]
    ) -> None:
        """What the greenlet does: the module, then the function, whose value is the answer."""

        def send(verb: AnyVerb) -> Outcome:
            parent = greenlet.getcurrent().parent
            assert parent is not None
            outcome: Outcome = parent.switch(verb)
            return outcome

        shown = ShownEpisode(episode, send, self._where)
        names = guarded_globals(make_random_functions(draws), self._most_turns, lines)
        exec(self._code, names)  # it was compiled by the policy
        try:
            answer = names["controller"](shown, _clipped(beta))
        except Exhausted:
            answer = None
        shown.answer(answer)

    def _where(self) -> Origin | None:
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to a caller
        while frame is not None and frame.f_code.co_filename != FILE:
            frame = frame.f_back
        return None if frame is None else _place(self._places, frame.f_code, frame.f_lasti)


def _clipped(beta: float | None) -> float:
    """β from 0 to 1, and 0 for none, as Rheo has it; written so that -0.0 becomes 0.0."""
    return min(float(beta), 1.0) if beta is not None and beta > 0 else 0.0


def _told(problem: BaseException, places: Places) -> Fault:
    """What a controller raised, in words."""
    match problem:
        case TurnLimitExceeded():
            return _fault(places, Reason.TOO_MANY_TURNS, "it does not come to an end", problem)
        case TimeLimitExceeded():
            return _fault(places, Reason.TOO_LONG, "it thinks for too long between verbs", problem)
        case RecursionError():
            return _fault(places, Reason.MEMORY, "it calls itself too deeply", problem)
        case MemoryError():
            return _fault(places, Reason.MEMORY, "there is not enough for it", problem)
    said = " ".join(filter(None, map(_short, problem.args)))
    text = f"{type(problem).__name__}: {said}" if said else type(problem).__name__
    return _fault(places, Reason.RAISED, text, problem)


def _short(value: object) -> str:
    """What an exception says, as far as a fault can hold it; nothing where it is no plain value."""
    match value:
        case str() if type(value) is str:
            return value[: MOST_TEXT + 1]
        case int() if type(value) is int:
            return (
                str(value) if value.bit_length() <= _MOST_SHOWN else "an integer too long to show"
            )
        case float() if type(value) is float:
            return str(value)
    return ""


_MOST_SHOWN = 1024
"""Bits of an integer that is shown; those of very long ones Python refuses to write."""


def _fault(places: Places, reason: Reason, text: str, problem: BaseException) -> Fault:
    found: Origin | None = None
    trace: TracebackType | None = problem.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE:
            found = _place(places, trace.tb_frame.f_code, trace.tb_lasti)
        trace = trace.tb_next
    if found is None:
        return Fault(reason, truncate_text(text))
    return Fault(reason, truncate_text(text), found.line, found.column)


def _place(places: Places, code: CodeType, at: int) -> Origin:
    """The place of an instruction; finding it costs more than most verbs, so it is kept."""
    key = (code, at)
    if key not in places:
        line, end_line, column, end_column = next(
            itertools.islice(code.co_positions(), at // 2, None), (None,) * 4
        )
        places[key] = Origin(line or 0, (column or 0) + 1, end_line or 0, (end_column or 0) + 1)
    return places[key]

"""A Python controller as a `dsl.episode.Controller`.

The code runs in its own greenlet, so a verb is a plain call for its author but suspends the
episode: many episodes can wait side by side without threads. Each episode runs the module again, so
no state is kept between episodes.
"""

import itertools
import sys
from collections.abc import Callable
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
from sandbox.python.columns import RevealedColumns
from sandbox.python.controller_episode import EpisodeState, ShownEpisode
from sandbox.python.functions import make_random_functions
from sandbox.python.guards import guarded_globals
from sandbox.python.policy import FILE, compile_controller

Origins: TypeAlias = dict[tuple[int, int], Origin]
"""Cache of instruction locations, by the identity of their code, which the controller keeps."""

MOST_TURNS = 1_000_000
"""Maximum turns of loops and calls in one episode."""


class PythonController:
    """One controller, ready to play episodes.

    Args:
        text: Source code.
        name: Name in results.
        most_turns: Maximum turns of loops and calls in one episode.
        counting: Whether to count how often lines run.

    Raises:
        PolicyViolation: The policy does not admit the code.
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
        self._origins: Origins = {}

    @property
    def name(self) -> str:
        """Name in results."""
        return self._name

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        """Play one episode; see `dsl.episode.Controller.play`."""
        draws = EpisodeRandom(episode.seed, episode.question)
        course = self.begin(episode, beta, draws, {})
        try:
            verb = course.resume()
            while not isinstance(verb, Answer):
                outcome = yield verb
                verb = course.resume(outcome)
            yield verb
        finally:
            course.close()

    def begin(
        self, episode: EpisodeState, beta: float | None, draws: EpisodeRandom, lines: dict[int, int]
    ) -> "ControllerCourse":
        """Begin an episode with the caller's random source.

        Args:
            episode: State that the controller reads.
            beta: Value of β; ``None`` for none.
            draws: Random source.
            lines: Receives line counts, if counting is enabled.
        """
        names = guarded_globals(make_random_functions(draws), self._most_turns, lines)

        def run() -> None:
            """Run the module, then the function, whose value is the answer."""
            parent = greenlet.getcurrent().parent
            assert parent is not None
            controller_episode = ShownEpisode(episode, parent.switch, self._where)
            exec(self._code, names)  # it was compiled by the policy
            try:
                answer = names["controller"](controller_episode, _clipped(beta))
            except Exhausted:
                answer = None
            controller_episode.answer(answer)

        return ControllerCourse(run, self._origins)

    def _where(self) -> Origin | None:
        # The frames of the verb and of its caller are not the controller's own.
        frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the documented way to a caller
        while frame is not None and frame.f_code.co_filename != FILE:
            frame = frame.f_back
        return None if frame is None else _find_origin(self._origins, frame.f_code, frame.f_lasti)


class ControllerCourse:
    """A controller at work on one episode.

    Args:
        run: Body of its greenlet, which ends with an answer.
        origins: Cache of instruction locations.
    """

    __slots__ = ("_greenlet", "_origins", "_switch")

    def __init__(self, run: Callable[[], None], origins: Origins):
        self._greenlet = greenlet.greenlet(run)
        self._switch: Callable[..., AnyVerb] = self._greenlet.switch
        self._origins = origins

    def resume(self, *revealed: Outcome | RevealedColumns) -> AnyVerb:
        """Run the controller up to its next verb, and convert its exceptions.

        The exception is released afterwards because its traceback holds the controller's frames.

        Args:
            revealed: What the last verb has revealed; nothing at the start.

        Raises:
            ControllerError: The controller failed, with reason and location.
        """
        try:
            return self._switch(*revealed)
        except (TurnLimitExceeded, TimeLimitExceeded, Exception) as problem:  # noqa: BLE001 - it may be anything
            try:
                fault = _describe_exception(problem, self._origins)
            except TimeLimitExceeded:  # it rang again meanwhile
                fault = _describe_exception(problem, self._origins)
        raise ControllerError(fault)

    def close(self) -> None:
        """End the controller where it is."""
        if self._greenlet:
            self._greenlet.throw(greenlet.GreenletExit)


def _clipped(beta: float | None) -> float:
    """Clip β to 0..1, with 0 for none, as Rheo does; -0.0 becomes 0.0."""
    return min(float(beta), 1.0) if beta is not None and beta > 0 else 0.0


def _describe_exception(problem: BaseException, origins: Origins) -> Fault:
    """Describe a controller's exception."""
    match problem:
        case TurnLimitExceeded():
            return _fault(origins, Reason.TOO_MANY_TURNS, "it does not end", problem)
        case TimeLimitExceeded():
            return _fault(origins, Reason.TOO_LONG, "it takes too long between verbs", problem)
        case RecursionError():
            return _fault(origins, Reason.MEMORY, "it recurses too deeply", problem)
        case MemoryError():
            return _fault(origins, Reason.MEMORY, "it needs more memory than its limit", problem)
    message = " ".join(filter(None, map(_short, problem.args)))
    text = f"{type(problem).__name__}: {message}" if message else type(problem).__name__
    return _fault(origins, Reason.RAISED, text, problem)


def _short(value: object) -> str:
    """Return an exception's message for a fault; empty if it is not a plain value."""
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
"""Maximum bits of an integer to show; Python refuses to format very long ones."""


def _fault(origins: Origins, reason: Reason, text: str, problem: BaseException) -> Fault:
    origin: Origin | None = None
    trace: TracebackType | None = problem.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE:
            origin = _find_origin(origins, trace.tb_frame.f_code, trace.tb_lasti)
        trace = trace.tb_next
    if origin is None:
        return Fault(reason, truncate_text(text))
    return Fault(reason, truncate_text(text), origin.line, origin.column)


def _find_origin(origins: Origins, code: CodeType, offset: int) -> Origin:
    """Return an instruction's location; cached, because finding it costs more than most verbs."""
    key = (id(code), offset)
    origin = origins.get(key)
    if origin is None:
        line, end_line, column, end_column = next(
            itertools.islice(code.co_positions(), offset // 2, None), (None,) * 4
        )
        origin = Origin(line or 0, (column or 0) + 1, end_line or 0, (end_column or 0) + 1)
        origins[key] = origin
    return origin

"""Play one episode of a controller over a recorded question."""

from collections.abc import Generator
from typing import NamedTuple

from dsl.episode import (
    Answer,
    AnyVerb,
    BudgetSpent,
    Controller,
    Inadmissible,
    Outcome,
    VerbGenerator,
)
from harness.mdp.admission import NotProbed
from harness.mdp.replay import Replay

SEEDS = range(100)
"""The seeds of a published figure."""

_NOTHING_AFFORDABLE = Outcome((), exhausted=True)


class EpisodeResult(NamedTuple):
    """The result of one episode."""

    answer: str | None
    tokens: int
    sequential: int


def play_episode(
    controller: Controller, replay: Replay, beta: float | None = None
) -> EpisodeResult:
    """Play one episode to its end. A controller that stops without an answer answers ``None``.

    A verb of which nothing is affordable returns to the controller as an exhausted outcome without
    branches, so that it can still answer.

    Args:
        controller: The controller to play.
        replay: A new episode over a recorded question.
        beta: The value of β.

    Raises:
        Inadmissible: The controller yielded a verb that the MDP does not admit.
        NotProbed: It looks inside branches of which only the ends were recorded.
    """
    course = controller.play(replay.episode, beta)
    episode_verbs = drive_episode(course, replay)
    while True:
        try:
            next(episode_verbs)
        except StopIteration as end:
            refusal = end.value
            break
    return finish_episode(course, replay, refusal)


def finish_episode(
    course: VerbGenerator, replay: Replay, refusal: Exception | None
) -> EpisodeResult:
    """Close a controller whose episode is over, and return the result.

    Args:
        course: The controller's generator.
        replay: The episode.
        refusal: The refusal that ended the episode, if there was one; it is raised.

    Raises:
        Inadmissible: The refusal was this error.
        NotProbed: The refusal was this error.
    """
    # Not in a handler of the refusal: closing raises in the controller, and what is raised while
    # an exception is handled carries it, its traceback and so the frames that hold the recording.
    course.close()
    if refusal is not None:
        raise refusal
    return EpisodeResult(replay.answer, replay.spent, replay.sequential)


def drive_episode(
    course: VerbGenerator, replay: Replay
) -> Generator[AnyVerb, None, Exception | None]:
    """Pass verbs and outcomes between controller and replay until the answer or a refusal.

    Yield each verb before it is performed, so that the caller can prepare for it. Return the
    refusal, or ``None``.
    """
    outcome: Outcome | None = None
    while not replay.ended:
        verb = _next_verb(course, outcome)
        yield verb
        try:
            outcome = replay.perform(verb)
        except BudgetSpent:
            outcome = _NOTHING_AFFORDABLE
        except (Inadmissible, NotProbed) as refusal:
            return refusal
    return None


def _next_verb(course: VerbGenerator, outcome: Outcome | None) -> AnyVerb:
    try:
        return next(course) if outcome is None else course.send(outcome)
    except StopIteration:
        return Answer(answer=None)

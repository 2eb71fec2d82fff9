"""Play a controller's episodes over a recording and compute its figures.

Figures are computed as the published ones are: accuracy is the mean over seeds of the share of
correct answers, in percent, rounded to two decimals; cost is the mean over seeds of tokens for each
question, truncated to an integer.
"""

from collections.abc import Generator, Iterable, Sequence
from typing import NamedTuple

import msgspec

from dsl.episode import (
    Answer,
    AnyVerb,
    BudgetSpent,
    Controller,
    Inadmissible,
    Outcome,
    VerbGenerator,
)
from harness.errors import InputError
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.replay import NotProbed, Replay

SEEDS = range(100)
"""The seeds of a published figure."""

_NOTHING_AFFORDABLE = Outcome((), exhausted=True)


class EpisodeResult(NamedTuple):
    """The result of one episode."""

    answer: str | None
    tokens: int
    sequential: int


class ControllerFigures(msgspec.Struct, frozen=True):
    """A controller's figures on one recording at one setting."""

    accuracy: float
    """Percent, two decimals."""
    cost: int
    """Tokens for each question."""
    sequential: int
    """Tokens on the critical path for each question."""
    episodes: int


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


def evaluate_controller(
    controller: Controller,
    replay_environment: ReplayEnvironment,
    *,
    beta: float | None = None,
    seeds: Iterable[int] = SEEDS,
    budget: int | None = None,
    probe_cost: int = 0,
) -> ControllerFigures:
    """Play every question under every seed and compute the figures.

    Args:
        controller: The controller to play.
        replay_environment: The recording.
        beta: The value of β.
        seeds: Seeds of every question.
        budget: B in tokens, ``None`` for no limit.
        probe_cost: κ in tokens, the cost of one PROBE.

    Raises:
        InputError: There is no question or no seed to play.
        Inadmissible: From `play_episode`.
        NotProbed: From `play_episode`.
    """
    shares, costs, criticals = [], [], []
    questions = len(replay_environment.branch_pools)
    if not questions:
        raise InputError("the recording holds no questions, so there is nothing to evaluate")
    for seed in seeds:
        right = tokens = sequential = 0
        for question, (branch_pool, gold) in enumerate(
            zip(replay_environment.branch_pools, replay_environment.gold, strict=True)
        ):
            replay = Replay(
                branch_pool, seed=seed, question=question, budget=budget, probe_cost=probe_cost
            )
            played = play_episode(controller, replay, beta)
            right += played.answer == gold
            tokens += played.tokens
            sequential += played.sequential
        shares.append(right / questions)
        costs.append(tokens / questions)
        criticals.append(sequential / questions)
    if not shares:
        raise InputError("no seeds were given, so there is nothing to evaluate; give at least one")
    return ControllerFigures(
        accuracy=round(_mean(shares) * 100, 2),
        cost=int(_mean(costs)),
        sequential=int(_mean(criticals)),
        episodes=questions * len(shares),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)

"""Evaluation: a controller's episodes over a recording, and the figures made from them.

Accuracy and cost are made as the published figures are: accuracy is the mean over seeds of the
share of right answers, in percent, rounded to two decimals; cost is the mean over seeds of tokens
for each question, truncated to an integer.
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
    """The end of one episode."""

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
    """Plays one episode to its end. A controller that stops without an answer answers none.

    A verb of which nothing is affordable comes back to the controller as an exhausted outcome
    without branches, so that it can still answer.

    Raises:
        Inadmissible: the controller yielded a verb that the MDP does not admit.
        NotProbed: it looks inside chains of which only the ends were recorded.
    """
    course = controller.play(replay.episode, beta)
    playing = drive_episode(course, replay)
    while True:
        try:
            next(playing)
        except StopIteration as end:
            refusal = end.value
            break
    return finish_episode(course, replay, refusal)


def finish_episode(
    course: VerbGenerator, replay: Replay, refusal: Exception | None
) -> EpisodeResult:
    """Closes a controller whose episode is over, and gives how it ended.

    Raises:
        Inadmissible: and `NotProbed`: the refusal, if there was one.
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
    """Carries verbs and outcomes to and fro until the answer or a refusal, which is returned.

    Yields each verb before it is performed, to whoever has to see that it can be.
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
    """Plays every question under every seed and makes the figures.

    Raises:
        InputError: there is no question or no seed to play.
        Inadmissible: and `NotProbed`, from `play_episode`.
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

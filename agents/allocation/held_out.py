"""What a run's winner is worth on the questions that its pipeline holds out.

They are opened by `rheostat report` and by nothing else, and each opening is written down. Played
there are the allocation that was selected and, beside it, the one that a search begins with.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from agents.allocation.baseline import baseline
from agents.allocation.estimates import gain_of, score_of
from agents.allocation.result import given
from agents.allocation.told import AllocationResult, HeldOutTold, Judged
from agents.allocation.trials import trial, tried
from agents.loop.filing import mark
from agents.report.course import openings
from agents.report.held_out import met_before, write_down
from agents.run.directory import RunDirectory
from agents.run.records import AllocationAsked, HeldOutQuestions
from harness.allocation.environment import Environment
from harness.allocation.opening import Means, held_out, unseen_environment
from harness.allocation.simulator import Simulator
from harness.allocation.space import Space
from harness.errors import InputError
from store.pipelines.records import Choices, Trial, label
from store.pipelines.trials import read_trials

RECORD = "held-out.record"
"""Beside the record of a search, that of the trials on what was held out."""


class _Pair(NamedTuple):
    selected: Choices
    baseline: Choices


def held_out_told(
    run: RunDirectory,
    environment: Environment,
    means: Means,
    found: AllocationResult,
    wanted: bool | None,
) -> HeldOutTold | None:
    """What is known of the held-out questions of a run; ``None`` where there are none.

    Args:
        run: the run.
        environment: what played its search.
        means: with what it was played.
        found: what the run came to.
        wanted: whether to open them; by default where the run has ended with an allocation and it
            costs no call of a model.

    Raises:
        InputError: they are to be opened, and there are none, nothing is selected, or they are
            others than when the run began.
        StoreError: a file of them cannot be used.
        SurroundingsError: a server does not play its part.
    """
    asked = run.request.allocation
    assert asked is not None
    if asked.held_out is None:
        if wanted:
            raise InputError(f"{run.path}: nothing was held out when this run began")
        return None
    space = Space(environment.pipeline, asked.budget, governed=environment.governed)
    candidate = None if found.best is None else found.best.candidate
    best = None if candidate is None else trial(run, candidate)
    if candidate is None or best is None:
        if wanted:
            raise InputError(f"{run.path}: there is no allocation yet that could be judged")
        return _told(space, asked.held_out, None, None, run, candidate)
    pair = _Pair(best.choices, baseline(space))
    unseen = None
    if _is_to_open(run, asked, means, pair, wanted):
        where = _opened(run, asked, means, candidate, pair)
        unseen = _judged(where.play(pair.selected), where.play(pair.baseline))
    search = _judged(best, _on_the_search(run, environment, pair.baseline))
    return _told(space, asked.held_out, search, unseen, run, candidate)


def _told(
    space: Space,
    questions: HeldOutQuestions,
    search: Judged | None,
    unseen: Judged | None,
    run: RunDirectory,
    candidate: str | None,
) -> HeldOutTold:
    resting = baseline(space)
    return HeldOutTold(
        questions=questions.questions,
        search=search,
        unseen=unseen,
        baseline=given(space, resting),
        baseline_cost=space.cost(resting),
        opened=openings(run.events()),
        met_before=candidate is not None and met_before(run, candidate),
    )


def _judged(selected: Trial, other: Trial | None) -> Judged:
    return Judged(
        questions=len(selected.answered),
        selected=score_of(selected),
        baseline=None if other is None else score_of(other),
        gain=None if other is None else gain_of(selected, other),
    )


def _on_the_search(run: RunDirectory, environment: Environment, choices: Choices) -> Trial | None:
    """A trial on the questions of the search, where it costs nothing."""
    found = next((each for each in tried(run).values() if each.choices == choices), None)
    recorded: Mapping[Choices, float] = environment.recorded or {}
    if found is None and (isinstance(environment, Simulator) or choices in recorded):
        return environment.play(choices)
    return found


def _is_to_open(
    run: RunDirectory, asked: AllocationAsked, means: Means, pair: _Pair, wanted: bool | None
) -> bool:
    if wanted is not None:
        return wanted
    ended = run.ending is not None and run.ending.selected is not None and not run.is_held
    return ended and (asked.pipeline.simulation is not None or _are_recorded(means, pair))


def _are_recorded(means: Means, pair: _Pair) -> bool:
    path = _record(means)
    if path is None or not path.is_file():
        return False
    trials = read_trials(path).trials
    return all(each in trials for each in pair)


def _record(means: Means) -> Path | None:
    return None if means.record is None else means.record.with_name(RECORD)


def _opened(
    run: RunDirectory, asked: AllocationAsked, means: Means, candidate: str, pair: _Pair
) -> Environment:
    """Opens the questions, and writes that down."""
    wanted = asked.held_out
    assert wanted is not None
    now = held_out(asked.pipeline, asked.path)
    if now is None or now.digest != wanted.digest:
        raise InputError(
            f"{wanted.path or asked.path}: holds other questions than those that were held out when"
            " the run began",
            hint=f"the run held out {wanted.questions}, with the digest {wanted.digest}",
        )
    record = _record(means)
    ours = means._replace(
        record=record, execute=asked.pipeline.simulation is None and not _are_recorded(means, pair)
    )
    where = unseen_environment(asked.pipeline, asked.path, ours)
    write_down(run, {mark(label(pair.selected)): candidate}, questions=wanted.digest)
    return where

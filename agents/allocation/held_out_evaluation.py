"""Evaluate a run's winner on the held-out questions of its pipeline.

Only `rheostat report` opens them, and each opening is logged. The selected allocation and the
baseline are played on them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from agents.allocation.choices import build_baseline
from agents.allocation.results import (
    AllocationComparison,
    AllocationResult,
    HeldOutResult,
    estimate_gain,
    estimate_score,
    list_stage_allocations,
)
from agents.allocation.run_trials import read_run_trial, read_run_trials
from agents.loop.round_files import source_mark
from agents.report.held_out import log_opening, was_opened_before
from agents.report.run_history import list_openings
from agents.run.directory import RunDirectory
from agents.run.records import AllocationRequest, HeldOutQuestions
from harness.allocation.simulator import Simulator
from harness.allocation.space import AllocationSpace
from harness.allocation.trial_environment import (
    TrialEnvironment,
    TrialOptions,
    find_held_out,
    open_held_out_environment,
)
from harness.errors import InputError
from store.pipelines.schema import StageChoices, Trial, format_choices
from store.pipelines.trials import read_trials

HELD_OUT_RECORD = "held-out.record"
"""Record of held-out trials, next to the record of the search."""


class _Pair(NamedTuple):
    selected: StageChoices
    baseline: StageChoices


def evaluate_held_out(
    run: RunDirectory,
    environment: TrialEnvironment,
    means: TrialOptions,
    found: AllocationResult,
    wanted: bool | None,
) -> HeldOutResult | None:
    """Evaluate the held-out questions of a run; ``None`` if there are none.

    Args:
        run: Run directory.
        environment: Environment that played its search.
        means: Playback options.
        found: Result of the run.
        wanted: Whether to open them; by default if the run has ended with an allocation and no
            model calls are needed.

    Raises:
        InputError: They are to be opened but there are none, nothing is selected, or they changed
            since the run began.
        StoreError: A file of them cannot be used.
        ExternalError: A server fails.
    """
    asked = run.request.allocation
    assert asked is not None
    if asked.held_out is None:
        if wanted:
            raise InputError(f"{run.path}: nothing was held out when this run began")
        return None
    space = AllocationSpace(environment.pipeline, asked.budget, governed=environment.governed)
    candidate = None if found.best is None else found.best.candidate
    best = None if candidate is None else read_run_trial(run, candidate)
    if candidate is None or best is None:
        if wanted:
            raise InputError(f"{run.path}: there is no allocation yet that could be judged")
        return _told(space, asked.held_out, None, None, run, candidate)
    pair = _Pair(best.choices, build_baseline(space))
    unseen = None
    if _is_to_open(run, asked, means, pair, wanted):
        where = _opened(run, asked, means, candidate, pair)
        unseen = _judged(where.play(pair.selected), where.play(pair.baseline))
    search = _judged(best, _on_the_search(run, environment, pair.baseline))
    return _told(space, asked.held_out, search, unseen, run, candidate)


def _told(
    space: AllocationSpace,
    questions: HeldOutQuestions,
    search: AllocationComparison | None,
    unseen: AllocationComparison | None,
    run: RunDirectory,
    candidate: str | None,
) -> HeldOutResult:
    resting = build_baseline(space)
    return HeldOutResult(
        questions=questions.questions,
        search=search,
        unseen=unseen,
        baseline=list_stage_allocations(space, resting),
        baseline_cost=space.cost(resting),
        opened=list_openings(run.events()),
        met_before=candidate is not None and was_opened_before(run, candidate),
    )


def _judged(selected: Trial, other: Trial | None) -> AllocationComparison:
    return AllocationComparison(
        questions=len(selected.answered),
        selected=estimate_score(selected),
        baseline=None if other is None else estimate_score(other),
        gain=None if other is None else estimate_gain(selected, other),
    )


def _on_the_search(
    run: RunDirectory, environment: TrialEnvironment, choices: StageChoices
) -> Trial | None:
    """Play on the questions of the search, if that costs nothing."""
    found = next((each for each in read_run_trials(run).values() if each.choices == choices), None)
    recorded: Mapping[StageChoices, float] = environment.recorded or {}
    if found is None and (isinstance(environment, Simulator) or choices in recorded):
        return environment.play(choices)
    return found


def _is_to_open(
    run: RunDirectory,
    asked: AllocationRequest,
    means: TrialOptions,
    pair: _Pair,
    wanted: bool | None,
) -> bool:
    if wanted is not None:
        return wanted
    ended = run.ending is not None and run.ending.selected is not None and not run.is_held
    return ended and (asked.pipeline.simulation is not None or _are_recorded(means, pair))


def _are_recorded(means: TrialOptions, pair: _Pair) -> bool:
    path = _record(means)
    if path is None or not path.is_file():
        return False
    trials = read_trials(path).trials
    return all(each in trials for each in pair)


def _record(means: TrialOptions) -> Path | None:
    return None if means.record is None else means.record.with_name(HELD_OUT_RECORD)


def _opened(
    run: RunDirectory, asked: AllocationRequest, means: TrialOptions, candidate: str, pair: _Pair
) -> TrialEnvironment:
    """Open the held-out questions and log that."""
    wanted = asked.held_out
    assert wanted is not None
    now = find_held_out(asked.pipeline, asked.path)
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
    where = open_held_out_environment(asked.pipeline, asked.path, ours)
    log_opening(
        run, {source_mark(format_choices(pair.selected)): candidate}, questions=wanted.digest
    )
    return where

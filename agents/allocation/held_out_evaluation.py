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
from agents.run.records import AllocationRequest
from harness.allocation.simulator import Simulator
from harness.allocation.space import AllocationSpace
from harness.allocation.trial_environment import (
    TrialEnvironment,
    TrialOptions,
    find_held_out,
    open_held_out_environment,
)
from harness.errors import InputError
from store.pipelines.schema import HeldOutQuestions, StageChoices, Trial, format_choices
from store.pipelines.trials import read_trials

HELD_OUT_RECORD = "held-out.record"
"""Record of held-out trials, next to the record of the search."""


class _Pair(NamedTuple):
    selected: StageChoices
    baseline: StageChoices


def evaluate_held_out(
    run: RunDirectory,
    environment: TrialEnvironment,
    options: TrialOptions,
    result: AllocationResult,
    wanted: bool | None,
) -> HeldOutResult | None:
    """Evaluate the held-out questions of a run; ``None`` if there are none.

    Args:
        run: Run directory.
        environment: Environment that played its search.
        options: Playback options.
        result: Result of the run.
        wanted: Whether to open them; by default if the run has ended with an allocation and no
            model calls are needed.

    Raises:
        InputError: They are to be opened but there are none, nothing is selected, or they changed
            since the run began.
        StoreError: A file of them cannot be used.
        ExternalError: A server fails.
    """
    request = run.request.allocation
    assert request is not None
    if request.held_out is None:
        if wanted:
            raise InputError(f"{run.path}: this run has no held-out data")
        return None
    space = AllocationSpace(environment.pipeline, request.budget, governed=environment.governed)
    candidate = None if result.best is None else result.best.candidate
    best = None if candidate is None else read_run_trial(run, candidate)
    if candidate is None or best is None:
        if wanted:
            raise InputError(f"{run.path}: there is no allocation to evaluate yet")
        return _build_result(space, request.held_out, None, None, run, candidate)
    pair = _Pair(best.choices, build_baseline(space))
    unseen = None
    if _should_open(run, request, options, pair, wanted):
        where = _open(run, request, options, candidate, pair)
        unseen = _compare(where.play(pair.selected), where.play(pair.baseline))
    search = _compare(best, _play_on_search(run, environment, pair.baseline))
    return _build_result(space, request.held_out, search, unseen, run, candidate)


def _build_result(
    space: AllocationSpace,
    questions: HeldOutQuestions,
    search: AllocationComparison | None,
    unseen: AllocationComparison | None,
    run: RunDirectory,
    candidate: str | None,
) -> HeldOutResult:
    baseline = build_baseline(space)
    return HeldOutResult(
        questions=questions.questions,
        search=search,
        unseen=unseen,
        baseline=list_stage_allocations(space, baseline),
        baseline_cost=space.cost(baseline),
        opened=list_openings(run.events()),
        met_before=candidate is not None and was_opened_before(run, candidate),
    )


def _compare(selected: Trial, other: Trial | None) -> AllocationComparison:
    return AllocationComparison(
        questions=len(selected.answered),
        selected=estimate_score(selected),
        baseline=None if other is None else estimate_score(other),
        gain=None if other is None else estimate_gain(selected, other),
    )


def _play_on_search(
    run: RunDirectory, environment: TrialEnvironment, choices: StageChoices
) -> Trial | None:
    """Return the baseline's trial on the questions of the search, if that needs no model calls."""
    trial = next(
        (trial for trial in read_run_trials(run).values() if trial.choices == choices), None
    )
    recorded: Mapping[StageChoices, float] = environment.recorded or {}
    if trial is None and (isinstance(environment, Simulator) or choices in recorded):
        return environment.play(choices)
    return trial


def _should_open(
    run: RunDirectory,
    request: AllocationRequest,
    options: TrialOptions,
    pair: _Pair,
    wanted: bool | None,
) -> bool:
    if wanted is not None:
        return wanted
    ended = run.ending is not None and run.ending.selected is not None and not run.is_held
    return ended and (request.pipeline.simulation is not None or _are_recorded(options, pair))


def _are_recorded(options: TrialOptions, pair: _Pair) -> bool:
    path = _record_path(options)
    if path is None or not path.is_file():
        return False
    trials = read_trials(path).trials
    return all(choices in trials for choices in pair)


def _record_path(options: TrialOptions) -> Path | None:
    return None if options.record is None else options.record.with_name(HELD_OUT_RECORD)


def _open(
    run: RunDirectory,
    request: AllocationRequest,
    options: TrialOptions,
    candidate: str,
    pair: _Pair,
) -> TrialEnvironment:
    """Open the held-out questions and log that."""
    wanted = request.held_out
    assert wanted is not None
    now = find_held_out(request.pipeline, request.path)
    if now is None or now.digest != wanted.digest:
        raise InputError(
            f"{wanted.path or request.path}: contains other questions than those held out when"
            " the run started",
            hint=f"the run held out {wanted.questions}, with the digest {wanted.digest}",
        )
    record = _record_path(options)
    ours = options._replace(
        record=record,
        execute=request.pipeline.simulation is None and not _are_recorded(options, pair),
    )
    environment = open_held_out_environment(request.pipeline, request.path, ours)
    log_opening(
        run, {source_mark(format_choices(pair.selected)): candidate}, questions=wanted.digest
    )
    return environment

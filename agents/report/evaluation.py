"""Play the reported controllers over a set of recordings and compute the figures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

from agents.report.controllers import REFERENCES, Entrant
from agents.report.curve_statistics import (
    bootstrap_curves,
    build_references,
    estimate_token_ratios,
    estimate_worths,
)
from agents.report.records import (
    ControllerRole,
    ObjectiveEstimate,
    ReportedRecording,
    Side,
    TokenRatio,
)
from agents.run.records import Request
from agents.search.objective import (
    CurvePoints,
    Objective,
    PriceOptions,
    ReferenceCurves,
    TokensAtObjective,
    parse_objective,
)
from harness.engines import EpisodeRules
from harness.errors import InputError
from harness.evaluation.grid import Grid, GridCell, format_knobs
from harness.evaluation.jobs import ExecutionOptions
from harness.evaluation.result_cache import ResultCache
from harness.evaluation.scores import MEAN, CellEpisodes
from harness.evaluation.sweep import SweepRow, build_rows, play_grid
from harness.mdp.environment import load_replay_environment, refuse_unmet_needs
from harness.request.controllers import RheoController
from harness.request.recordings import NamedRecording

ENGINE = "compiled"

Advance = Callable[[int], None]


@contextmanager
def show_no_progress(label: str, total: int | None) -> Iterator[Advance]:
    """Discard progress updates."""
    yield lambda done: None


class ReportServices(NamedTuple):
    """Services for playing a report's programs; figures do not depend on them."""

    results: ResultCache | None = None
    """Content-addressed result store; ``None`` stores nothing."""
    execution: ExecutionOptions = ExecutionOptions()
    progress: Callable[[str, int | None], AbstractContextManager[Advance]] = show_no_progress
    warn: Callable[[str], None] = lambda message: None
    """Callback for warnings."""


class EvaluatedSide(NamedTuple):
    """Controllers played over one set of recordings."""

    entrants: Sequence[Entrant]
    """Controllers that could be played, in grid order."""
    grid: Grid
    played: CellEpisodes
    left_out: Mapping[str, str]
    """Controllers that cannot be played here, with reasons."""


def evaluate_side(
    entrants: Sequence[Entrant],
    recordings: Sequence[NamedRecording],
    request: Request,
    *,
    seeds: int,
    label: str,
    services: ReportServices,
) -> EvaluatedSide:
    """Play controllers over recordings.

    Args:
        entrants: Controllers to play.
        recordings: Recordings to play on.
        request: Request of the run; its β and rules apply.
        seeds: Number of permutations.
        label: Short label of the work, for progress.
        services: Services for playing programs.

    Raises:
        StoreError: A recording cannot be read.
        ExternalError: A worker process ended early.
    """
    left_out = _find_unplayable(entrants, recordings)
    playable = [entrant for entrant in entrants if entrant.program.label not in left_out]
    grid = _grid(playable, recordings, request, seeds)
    with services.progress(label, len(grid.cells)) as advance:
        swept = play_grid(grid, services.results, options=services.execution, advance=advance)
    if not swept.complete:
        raise KeyboardInterrupt
    if swept.cache_error is not None:
        reason = (swept.cache_error.strerror or str(swept.cache_error)).lower()
        services.warn(f"results cannot be cached: {reason}")
    return EvaluatedSide(playable, grid, swept.played, left_out)


def compute_side(playing: EvaluatedSide, request: Request, best_baseline: str | None) -> Side:
    """Compute the figures of one side.

    Args:
        playing: Outcomes of the controllers.
        request: Request of the run.
        best_baseline: Baseline to compare with; ``None`` selects the one with the highest objective
            here.

    Raises:
        InputError: No baseline could be played.
    """
    recordings = playing.grid.recordings
    labels = [recording.label for recording in recordings]
    curves = _by_controller(playing)
    names = _list_baselines(playing)
    if not names:
        raise InputError("none of the run's baselines can be played over its recordings")
    value = parse_objective(request.objective, request.profiles)
    prices = PriceOptions(request.latency, request.max_sequential)
    references = _build_references(playing, curves, value, prices)

    def estimate(name: str, baseline_points: Sequence[CurvePoints]) -> list[ObjectiveEstimate]:
        return estimate_worths(
            name, labels, curves[name], baseline_points, references, value, prices
        )

    estimates = {name: estimate(name, curves[name]) for name in names}
    if best_baseline not in names:
        best_baseline = max(names, key=lambda name: estimates[name][-1].value or 0.0)
    baseline_points = curves[best_baseline]
    labelled = {entrant.role: entrant.program.label for entrant in playing.entrants}
    winner, seed = labelled.get(ControllerRole.WINNER), labelled.get(ControllerRole.SEED)
    matched = [name for name in (best_baseline, *REFERENCES) if name in curves]
    return Side(
        recordings=[_describe_recording(recording) for recording in recordings],
        seeds=len(playing.grid.seeds),
        best_baseline=best_baseline,
        rows=_rows(playing, request, best_baseline),
        worths=[worth for name in curves for worth in estimate(name, baseline_points)],
        over_seed=None if winner is None or seed is None else estimate(winner, curves[seed])[-1],
        ratios=_estimate_ratios(curves, matched, labels),
        left_out=dict(playing.left_out),
    )


def _list_baselines(playing: EvaluatedSide) -> list[str]:
    """Return the labels of the baselines that could be played."""
    return [
        entrant.program.label
        for entrant in playing.entrants
        if entrant.role is ControllerRole.BASELINE
    ]


def _build_references(
    playing: EvaluatedSide,
    curves: Mapping[str, Sequence[CurvePoints]],
    objective: Objective,
    prices: PriceOptions,
) -> list[ReferenceCurves]:
    """Build what the objective compares with, for each recording."""
    target = _find_target(playing, objective)
    baselines = _list_baselines(playing)
    return [
        build_references(
            [curves[name][index] for name in baselines],
            None if target is None else curves[target][index],
            prices,
        )
        for index in range(len(playing.grid.recordings))
    ]


def _estimate_ratios(
    curves: Mapping[str, Sequence[CurvePoints]], references: Sequence[str], labels: Sequence[str]
) -> list[TokenRatio]:
    """Estimate the tokens that each controller needs for the accuracies of each reference."""
    return [
        ratio
        for name, ours in curves.items()
        for reference in dict.fromkeys(references)
        if name != reference
        for ratio in estimate_token_ratios(name, reference, labels, ours, curves[reference])
    ]


def _find_target(playing: EvaluatedSide, objective: Objective) -> str | None:
    """Return the label of the controller that the objective names, if it names one."""
    if not isinstance(objective, TokensAtObjective):
        return None
    label = objective.controller.rpartition("/")[2].removesuffix(".rheo")
    return next(
        (entrant.program.label for entrant in playing.entrants if entrant.program.label == label),
        None,
    )


def get_overall_label(side: Side) -> str:
    """Return the label of figures over a whole side."""
    return MEAN if len(side.recordings) > 1 else side.recordings[0].label


def _find_unplayable(
    entrants: Sequence[Entrant], recordings: Sequence[NamedRecording]
) -> dict[str, str]:
    """List controllers that need data a recording lacks, with reasons."""
    rheo = [entrant.program for entrant in entrants if isinstance(entrant.program, RheoController)]
    needy = [program for program in rheo if any(program.checked.needs)]
    reasons: dict[str, str] = {}
    for label, recording in recordings if needy else ():
        replay_environment = load_replay_environment(recording)
        for program in needy:
            try:
                refuse_unmet_needs(program.checked, replay_environment)
            except InputError as problem:
                reasons.setdefault(program.label, f"{label}: {problem}")
    return reasons


def _by_controller(playing: EvaluatedSide) -> dict[str, list[CurvePoints]]:
    """Collect the points of each controller, by recording."""
    by_recording = bootstrap_curves(playing.grid, playing.played)
    return {
        entrant.program.label: [curves[index] for curves in by_recording]
        for index, entrant in enumerate(playing.entrants)
    }


def _rows(playing: EvaluatedSide, request: Request, first: str) -> list[SweepRow]:
    """Build sweep rows with differences from one controller, in table order."""
    order = [entrant.program.label for entrant in playing.entrants]
    leading = sorted(playing.entrants, key=lambda entrant: entrant.program.label != first)
    recordings = playing.grid.recordings
    grid = _grid(leading, recordings, request, len(playing.grid.seeds))
    point_indices = {
        (grid_point.program.label, grid_point.beta, format_knobs(grid_point.knobs)): point
        for point, grid_point in enumerate(playing.grid.points)
    }
    reordered = {
        cell: playing.played[
            GridCell(
                point_indices[
                    grid_point.program.label, grid_point.beta, format_knobs(grid_point.knobs)
                ],
                recording_index,
            )
        ]
        for point, grid_point in enumerate(grid.points)
        for recording_index in range(len(recordings))
        for cell in [GridCell(point, recording_index)]
    }
    return sorted(build_rows(grid, reordered), key=lambda row: order.index(row.controller))


def _grid(
    entrants: Sequence[Entrant], recordings: Sequence[NamedRecording], request: Request, seeds: int
) -> Grid:
    return Grid(
        [entrant.program for entrant in entrants],
        [entrant.settings for entrant in entrants],
        request.betas,
        recordings,
        seeds=seeds,
        rules=EpisodeRules(request.budget, request.kappa),
        engine_name=ENGINE,
    )


def _describe_recording(named: NamedRecording) -> ReportedRecording:
    recording = named.recording
    return ReportedRecording(
        label=named.label, digest=recording.digest, questions=len(recording.questions)
    )

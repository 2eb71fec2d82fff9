"""What `sweep`, `compare` and `play` share: arguments become a grid, which is played."""

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import NamedTuple, TypeAlias, cast

from harness.api.argument_checks import check_rules, check_threads, check_whole
from harness.api.controller import Controller, ProgramLike, load_controllers
from harness.api.exceptions import translated_errors, warn_all
from harness.api.progress import track_progress
from harness.api.recording import RecordingLike, open_all
from harness.engines import EpisodeRules
from harness.engines.catalog import ENGINE_NAMES
from harness.errors import InputError
from harness.evaluation.grid import Grid, build_grid
from harness.evaluation.jobs import execution_options
from harness.evaluation.point_warnings import describe_idle, describe_shortages
from harness.evaluation.result_cache import ResultCache
from harness.evaluation.scores import CellEpisodes
from harness.evaluation.sweep import play_grid
from harness.request.assignments import (
    Assignment,
    KnobValues,
    apply_assignments,
    refuse_unknown_controller,
)
from harness.request.controllers import Playable
from harness.request.ranges import Betas, list_betas
from harness.settings import GeneralSettings, load

Knobs: TypeAlias = Mapping[str, float | Iterable[float]]
"""Values of free knobs by name; ``CONTROLLER.KNOB`` is for one controller."""


class PlayOptions(NamedTuple):
    """How episodes are played."""

    seeds: int
    budget: int | None
    kappa: int
    cache: bool
    threads: int | None
    progress: bool | None


class PlayedGrid(NamedTuple):
    """A grid and the episodes of all its cells."""

    grid: Grid
    episodes: CellEpisodes


def play_request(
    programs: Sequence[ProgramLike],
    on: RecordingLike | Sequence[RecordingLike],
    beta: Betas,
    knobs: Knobs | None,
    options: PlayOptions,
    *,
    curves: bool = False,
) -> PlayedGrid:
    """Check all arguments, and play what is not cached.

    Args:
        programs: The controllers.
        on: The recordings.
        beta: Values of β.
        knobs: Values of free knobs.
        options: How to play.
        curves: Whether to play a program without a schedule, whose width is not set, at several
            widths.

    Raises:
        InputError: An argument cannot be used.
        ExternalError: A process ended before its work was complete.
        KeyboardInterrupt: The work was interrupted; finished results are cached.
    """
    with translated_errors():
        _check_options(options)
        loaded = load_controllers(programs)
        grid = build_grid(
            loaded,
            apply_assignments(loaded, parse_knobs(knobs or {}, loaded)),
            list_betas(beta),
            open_all(on),
            seeds=options.seeds,
            rules=EpisodeRules(options.budget, options.kappa),
            engine_name=ENGINE_NAMES[0],
            curves=curves,
        )
        warn_all(describe_shortages(grid))
        return PlayedGrid(grid, _play(grid, options))


def _play(grid: Grid, options: PlayOptions) -> CellEpisodes:
    chosen = load(GeneralSettings, flags={"threads": options.threads})
    results = ResultCache(chosen.cache_dir) if options.cache else None
    how = execution_options(chosen, keep=options.cache)
    with track_progress("playing", len(grid.cells), shown=options.progress) as advance:
        swept = play_grid(grid, results, options=how, advance=advance)
    if not swept.complete:
        interrupted = KeyboardInterrupt()
        done = f"{len(swept.played)} of {len(grid.cells)} settings were done"
        cached = " and are cached; call again to resume" if options.cache else ""
        interrupted.add_note(f"{done}{cached}")
        raise interrupted
    if swept.cache_error is not None:
        reason = swept.cache_error.strerror or str(swept.cache_error)
        warn_all([f"{chosen.cache_dir}: results cannot be cached there: {reason}"])
    warn_all(describe_idle(grid, swept.played))
    return swept.played


def as_programs(programs: ProgramLike | Sequence[ProgramLike]) -> list[ProgramLike]:
    """Return one controller, or several, as a list.

    Raises:
        InputError: There is none.
    """
    if isinstance(programs, Controller | str) or not isinstance(programs, Sequence):
        return [programs]
    if not programs:
        raise InputError("controllers: give at least one controller")
    return list(programs)


def parse_knobs(knobs: Knobs, programs: Sequence[Playable]) -> list[Assignment]:
    """Return the values of knobs for the controllers that are played.

    Args:
        knobs: The values by name.
        programs: The controllers.

    Raises:
        InputError: A controller is not played, or a value is not a number.
    """
    if not isinstance(knobs, Mapping):
        raise InputError(f"knobs: must be a dictionary such as {{'n': [4, 16]}}; got {knobs!r}")
    assignments = []
    for key, given in knobs.items():
        where = f"knobs[{key!r}]"
        if not isinstance(key, str):
            raise InputError(f"{where}: must be the name of a knob")
        controller, _, knob = key.rpartition(".")
        refuse_unknown_controller(controller, programs, where)
        # A text is iterable too, but no list of numbers.
        is_one = not isinstance(given, Iterable) or isinstance(given, str)
        values: list[object] = [given] if is_one else list(cast("Iterable[object]", given))
        numbers = [_number(value, where) for value in values]
        if not numbers:
            raise InputError(f"{where}: give at least one value")
        assignments.append(Assignment(where, controller or None, knob, numbers))
    return assignments


def single_setting(program: Playable, knobs: Knobs | None) -> KnobValues:
    """Return the only setting of a controller.

    Args:
        program: The controller.
        knobs: Values of free knobs by name, one each.

    Raises:
        InputError: A knob cannot be set so, or has several values.
    """
    [settings] = apply_assignments([program], parse_knobs(knobs or {}, [program]))
    if len(settings) > 1:
        raise InputError("knobs: give one value of each knob here", hint="use `sweep` for several")
    return settings[0]


def _number(value: object, where: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputError(f"{where}: {value!r} is not a number")
    return int(value) if isinstance(value, Integral) else float(value)


def _check_options(options: PlayOptions) -> None:
    """Check numbers that the command line checks when it parses its options.

    Raises:
        InputError: A number is not whole, or out of range.
    """
    if options.seeds is None:
        raise InputError("seeds: must be a whole number; got None")
    check_whole("seeds", options.seeds, 1, 100_000)
    check_threads(options.threads)
    check_rules(options.budget, options.kappa)

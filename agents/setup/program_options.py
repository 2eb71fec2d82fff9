"""Options that name programs: ``--baseline`` and ``--start-from``.

A baseline is a controller with its settings: ``cmc`` follows β and needs none; ``sc:n=1,4,16`` and
``esc:n=16,32:size=8`` list the values of free knobs, of which every combination is used.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from agents.evolution.starting_programs import (
    HANDMADE,
    LIBRARY,
    load_library_programs,
    load_seeds,
)
from agents.run.directory import RunDirectory, open_run
from agents.run.records import (
    BaselineRef,
    ControllerLanguage,
    Review,
    ReviewVerdict,
    StartingProgram,
)
from agents.run.user_profiles import UserProfile
from agents.search.programs import DEFAULT_BASELINES
from agents.template_search.program_templates import load_program_templates
from dsl import library
from dsl.checker.symbols import free_knobs
from harness.errors import InputError
from harness.request.assignments import expand_assignments
from harness.request.controllers import RheoController, load_program
from harness.request.option_names import name_option

_NEXT_KNOB = re.compile(r":(?=\s*[A-Za-z_]\w*\s*=)")
"""Start of a knob; the colon of a range precedes a number, that of a path a plain name."""


def parse_baselines(texts: Sequence[str]) -> list[BaselineRef]:
    """Parse the options ``--baseline``; return the default baselines if there are none.

    Args:
        texts: Value of each option.

    Raises:
        InputError: A controller or knob does not exist, a value is out of range or missing, or a
            controller is named twice.
        OSError: A file cannot be read.
    """
    baselines: dict[str, BaselineRef] = {}
    for text in texts:
        baseline = _parse_baseline(text)
        if baseline.label in baselines:
            raise InputError(
                f"{name_option('baselines', text)}: {baseline.label} is given twice; give all"
                " values of a knob in one list, and give files different names"
            )
        baselines[baseline.label] = baseline
    return list(baselines.values()) or DEFAULT_BASELINES


def check_baselines_unchanged(baselines: Sequence[BaselineRef]) -> None:
    """Check that the files among the baselines are unchanged since the run began.

    Raises:
        InputError: A file has changed, or does not exist.
        OSError: A file cannot be read.
    """
    for baseline in baselines:
        if baseline.digest and load_program(baseline.controller).digest != baseline.digest:
            raise InputError(
                f"{baseline.controller}: has changed since the run started; restore it"
            )


def _parse_baseline(text: str) -> BaselineRef:
    controller, *knobs = _NEXT_KNOB.split(text)
    program = load_program(controller)
    if not knobs:
        return _without_settings(text, program)
    settings = expand_assignments(
        [program], knobs, lambda knob: name_option("baselines", f"{controller}:{knob}")
    )[0]
    return _reference(program, [dict(setting) for setting in settings])


def _without_settings(text: str, program: RheoController) -> BaselineRef:
    """Return a baseline without settings; it follows β, has no knobs, or is a default one."""
    default = next(
        (baseline for baseline in DEFAULT_BASELINES if baseline.controller == text), None
    )
    if default is not None:
        return default
    free = list(free_knobs(program.checked.program))
    if free and not program.checked.scheduled:
        raise InputError(
            f"{name_option('baselines', text)}: has free knobs; give the values that make its"
            f" curve, such as {text}:{free[0]}=1,2,4"
        )
    return _reference(program, [])


def _reference(program: RheoController, settings: list[dict[str, int | float]]) -> BaselineRef:
    if program.origin == "library":
        return BaselineRef(controller=program.label, settings=settings)
    path = str(Path(program.origin).resolve())
    return BaselineRef(controller=path, settings=settings, digest=program.digest)


START_FROM = (HANDMADE, LIBRARY)
"""What a search starts from by default."""

FROM_RUN = 5
"""Maximum number of candidates taken from an earlier run."""


def load_starting_programs(
    names: Sequence[str], profiles: Sequence[UserProfile] = ()
) -> list[StartingProgram]:
    """Load the programs that ``--start-from`` names.

    Args:
        names: Groups, library controllers, files of programs or templates, or directories of runs.
        profiles: User profiles of the objective, by which candidates of a run are chosen.

    Raises:
        InputError: A name cannot be used.
        DslError: A program does not check.
    """
    programs: dict[str, StartingProgram] = {}
    for name in names:
        for program in _load(name, profiles):
            programs.setdefault(program.source, program)
    return _distinguish_names(programs.values())


def _distinguish_names(programs: Iterable[StartingProgram]) -> list[StartingProgram]:
    """Give programs different names by numbers: ``mine``, ``mine-2``.

    The names of the package's templates are taken: they are raced too.
    """
    taken = {template.name for template in load_program_templates()}
    named: dict[str, StartingProgram] = {}
    for program in programs:
        name, number = program.name, 1
        while name in named or name in taken:
            number += 1
            name = f"{program.name}-{number}"
        named[name] = replace(program, name=name)
    return list(named.values())


def _load(name: str, profiles: Sequence[UserProfile]) -> list[StartingProgram]:
    if name == HANDMADE:
        return load_seeds()
    if name == LIBRARY:
        return load_library_programs()
    if name not in library.NAMES and Path(name).is_dir():
        return _load_candidates(open_run(Path(name)), profiles)
    program = load_program(name)
    if not isinstance(program, RheoController) or not _has_free_choices(program):
        raise InputError(
            f"{name_option('start_from', name)}: a search starts from Rheo programs with a"
            " schedule or free knobs",
            hint=f"give it a schedule or knobs, or use it in {name_option('baselines')}",
        )
    return [StartingProgram(name=program.label, source=program.checked.source.text)]


def _has_free_choices(program: RheoController) -> bool:
    """Return whether a program follows β, or is a template with free knobs."""
    return program.scheduled or bool(free_knobs(program.checked.program))


def _load_candidates(run: RunDirectory, profiles: Sequence[UserProfile]) -> list[StartingProgram]:
    """Load the best candidates of a run: by its own objective, or by how many profiles they meet.

    Raises:
        InputError: The run has none.
    """
    reviews = [
        review
        for review in run.reviews()
        if review.verdict in (ReviewVerdict.BEST, ReviewVerdict.KEPT)
        and review.objective is not None
        and run.language(review.candidate) is ControllerLanguage.RHEO
    ]
    if not reviews:
        raise InputError(
            f"{name_option('start_from', str(run.path))}: the run has no candidates yet"
        )
    ranked = sorted(
        reviews,
        key=lambda review: (_count_met(review, profiles), review.objective or 0.0),
        reverse=True,
    )
    return [
        StartingProgram(name=f"{run.path.name}/{name}", source=run.source(name))
        for name in (review.candidate for review in ranked[:FROM_RUN])
    ]


def _count_met(review: Review, profiles: Sequence[UserProfile]) -> int:
    """Count the profiles that a candidate meets on the search set of its run.

    A recording counts once for each profile. Sequential tokens are unknown in runs of earlier
    versions; there, a limit on them counts as met.
    """
    return sum(
        any(
            profile.find_met(point.accuracy, point.cost, point.sequential or 0.0)
            for point in points
        )
        for profile in profiles
        for points in review.points.values()
    )

"""Analyse the winner: its token use, its knobs over β, and its descent."""

from collections.abc import Sequence

from agents.evolution.starting_programs import load_seeds as evolution_seeds
from agents.feedback.program_diff import diff_programs
from agents.report.controllers import choose_settings
from agents.report.evaluation import ENGINE, ReportServices
from agents.report.records import Ancestor, Winner
from agents.run.directory import RunDirectory
from agents.run.records import Request
from agents.search.programs import load_candidate
from dsl import library
from dsl.checker import CheckedProgram
from dsl.checker.symbols import schedule_lines
from dsl.schedule import evaluate
from harness.engines import ControllerSetting, EpisodeRules
from harness.engines.catalog import get_engine
from harness.explanation.line_profile import profile_controller
from harness.request.controllers import RheoController
from harness.request.plan import make_plan
from harness.request.recordings import NamedRecording

BETA = 0.5
"""β of the profile."""

SEEDS = 3
"""Number of permutations for the profile: token use needs few."""

STEPS = 20
"""Steps of β in the plot of a schedule."""

GENERATIONS = 8
"""Maximum number of ancestors to list."""


def analyze_winner(
    run: RunDirectory,
    request: Request,
    candidate: str,
    recordings: Sequence[NamedRecording],
    services: ReportServices,
) -> Winner:
    """Analyse the winner.

    Args:
        run: Run directory.
        request: Request of the run.
        candidate: Name of the winner.
        recordings: Search set.
        services: Services for playing its profile.

    Raises:
        InputError: A file of the run is missing or damaged.
        StoreError: A recording cannot be read.
    """
    program = load_candidate(run, candidate)
    settings = choose_settings(program, request.betas)
    setting = ControllerSetting(BETA if program.scheduled else None, settings[len(settings) // 2])
    plan = make_plan(program, setting, EpisodeRules(request.budget, request.kappa))
    player = get_engine(ENGINE, services.execution.workers, services.execution.objects)
    questions = sum(len(recording.recording.questions) for recording in recordings)
    with services.progress("profiling", questions) as advance:
        profile = profile_controller(plan, recordings, range(SEEDS), player, advance)[-1]
    checked = program.checked if isinstance(program, RheoController) else None
    betas = [step / STEPS for step in range(STEPS + 1)] if program.scheduled else []
    return Winner(
        candidate=candidate,
        source=run.source(candidate),
        descent=trace_descent(run, candidate),
        tuned=run.draft(candidate).tuned,
        betas=betas,
        schedule={} if checked is None else _schedule(checked, betas),
        settings=dict(setting.knobs),
        profile=profile,
        profile_seeds=SEEDS,
    )


def trace_descent(run: RunDirectory, candidate: str) -> list[Ancestor]:
    """Trace the descent of a candidate: itself, its main parent, and so on.

    Raises:
        InputError: a file of the run is damaged.
    """
    ancestors: list[Ancestor] = []
    visited: set[str] = set()
    name: str | None = candidate
    while name is not None and name not in visited and len(ancestors) < GENERATIONS:
        visited.add(name)
        if not run.has(f"candidates/{name}/draft.json"):
            break
        draft = run.draft(name)
        parents = draft.proposal.parents
        main = parents[0] if parents else None
        source = _source(run, main) if main is not None else None
        language = draft.proposal.language
        difference = (
            None if source is None else diff_programs(source, run.source(name), language=language)
        )
        ancestors.append(
            Ancestor(
                candidate=name,
                proposer=draft.proposer,
                parents=parents,
                words=draft.proposal.words,
                headline="" if difference is None else difference.headline,
                details=[] if difference is None else list(difference.details),
            )
        )
        name = main
    return ancestors


def _source(run: RunDirectory, name: str) -> str | None:
    """Read the source of a parent: a candidate, an evolution seed, or a library controller."""
    if run.source_path(name) is not None:
        return run.source(name)
    for program in evolution_seeds():
        if program.name == name:
            return program.source
    return library.load_source(name).text if name in library.NAMES else None


def _schedule(checked: CheckedProgram, betas: Sequence[float]) -> dict[str, list[float]]:
    settings = [evaluate(checked, beta) for beta in betas]
    return {
        name: [float(knobs[name]) for knobs in settings]
        for name in schedule_lines(checked.program)
        if betas
    }

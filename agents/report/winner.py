"""The winner, looked at closely: where its tokens go, how its knobs follow β, what it came from."""

from collections.abc import Sequence

from agents.evolution.starting import seeds as evolution_seeds
from agents.feedback.words import difference
from agents.report.controllers import settings_of
from agents.report.playing import ENGINE, Hands
from agents.report.records import Ancestor, Winner
from agents.run.directory import RunDirectory
from agents.run.programs import program_of
from agents.run.records import Request
from dsl import library
from dsl.checker import Checked
from dsl.checker.knobs import schedule_lines
from dsl.schedule import evaluate
from harness.engines import Rules, Setting
from harness.engines.choose import engine
from harness.explanation.profile import profiles
from harness.request.configured import planned
from harness.request.controllers import Program
from harness.request.recordings import Named

BETA = 0.5
"""At which it is profiled."""

SEEDS = 3
"""Shuffles under which it is profiled: where the tokens go needs few."""

STEPS = 20
"""Steps of β in the picture of a schedule."""

GENERATIONS = 8
"""Ancestors that are told, at most."""


def winner(
    run: RunDirectory, request: Request, candidate: str, recordings: Sequence[Named], hands: Hands
) -> Winner:
    """The winner.

    Args:
        run: the run.
        request: what it was asked for.
        candidate: the winner.
        recordings: the search set.
        hands: with what its profile is played.

    Raises:
        InputError: a file of the run is missing or damaged.
        StoreError: a recording cannot be read.
    """
    program = program_of(run, candidate)
    settings = settings_of(program, request.betas)
    setting = Setting(BETA if program.scheduled else None, settings[len(settings) // 2])
    plan = planned(program, setting, Rules(request.budget, request.kappa))
    player = engine(ENGINE, hands.means.workers, hands.means.objects)
    questions = sum(len(each.recording.questions) for each in recordings)
    with hands.progress("profiling", questions) as advance:
        found = profiles(plan, recordings, range(SEEDS), player, advance)[-1]
    checked = program.checked if isinstance(program, Program) else None
    betas = [step / STEPS for step in range(STEPS + 1)] if program.scheduled else []
    return Winner(
        candidate=candidate,
        source=run.source(candidate),
        descent=descent(run, candidate),
        tuned=run.draft(candidate).tuned,
        betas=betas,
        schedule={} if checked is None else _schedule(checked, betas),
        settings=dict(setting.knobs),
        profile=found,
        profile_seeds=SEEDS,
    )


def descent(run: RunDirectory, candidate: str) -> list[Ancestor]:
    """What a candidate came from: itself, its main parent, and so on.

    Raises:
        InputError: a file of the run is damaged.
    """
    found: list[Ancestor] = []
    met: set[str] = set()
    name: str | None = candidate
    while name is not None and name not in met and len(found) < GENERATIONS:
        met.add(name)
        if not run.has(f"candidates/{name}/draft.json"):
            break
        draft = run.draft(name)
        parents = draft.proposal.parents
        main = parents[0] if parents else None
        source = _source(run, main) if main is not None else None
        language = draft.proposal.language
        changed = (
            None if source is None else difference(source, run.source(name), language=language)
        )
        found.append(
            Ancestor(
                candidate=name,
                proposer=draft.proposer,
                parents=parents,
                words=draft.proposal.words,
                headline="" if changed is None else changed.headline,
                details=[] if changed is None else list(changed.details),
            )
        )
        name = main
    return found


def _source(run: RunDirectory, name: str) -> str | None:
    """The text of a parent: a candidate, a seed of evolution, or a controller of the library."""
    if run.source_path(name) is not None:
        return run.source(name)
    for each in evolution_seeds():
        if each.name == name:
            return each.source
    return library.source(name).text if name in library.NAMES else None


def _schedule(checked: Checked, betas: Sequence[float]) -> dict[str, list[float]]:
    at = [evaluate(checked, beta) for beta in betas]
    return {
        name: [float(each[name]) for each in at]
        for name in schedule_lines(checked.program)
        if betas
    }

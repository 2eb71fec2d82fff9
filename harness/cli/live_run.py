"""``rheostat run`` behind its options: the live episodes to play, and how they are shown.

Questions come from a file, drawn by the options, or from a recording, drawn as that was.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.cli import collect_options, console, model_servers
from harness.cli.collection_run import format_duration
from harness.errors import InputError
from harness.live.model import LiveModel, PosedQuestion, with_signals
from harness.live.replay_comparison import EpisodePair, FigureDifference
from harness.live.runner import LiveQuestion, LiveResult, LiveWorkload, run_episodes
from harness.mdp.environment import ReplayEnvironment, load_replay_environment
from harness.presentation.table import Cell, Column, Table
from harness.request.plan import Plan, RheoPlan
from harness.request.recordings import NamedRecording, open_recordings
from store.collection.preparation import CollectionPlan as Collected
from store.collection.preparation import check_same_model, make_probe_settings, prepare_collection
from store.collection.probing import AnswerRules
from store.collection.questions import question_letters, read_questions
from store.collection.settings import Settings
from store.collection.verification import (
    describe_engine_mismatch,
    read_settings,
    refuse_shorter_context,
)
from store.records import Question
from store.serving.endpoints import Endpoint
from store.serving.engine import Served

UNUSED_OPTIONS: Mapping[str, object] = {
    "chains": None, "benchmark": None, "licence": None, "group": 1, "stepwise": True,
    "text": False, "token_ids": False, "price_per_hour": 0.0, "price_in": 0.0, "price_out": 0.0,
    "allow_missing": 0,
}  # fmt: skip
"""Options of a collection that a live episode has no use for."""


class LiveRunRequest(NamedTuple):
    """What a command line asks for."""

    plan: Plan
    options: collect_options.CollectOptions
    seeds: int
    at_once: int


class ReferenceRecording(NamedTuple):
    """The recording that live episodes are held against."""

    named: NamedRecording
    settings: Settings
    replay_environment: ReplayEnvironment


class LiveRunResult(NamedTuple):
    """What came of it."""

    served: Served
    live_results: list[LiveResult]


def open_reference(path: Path) -> ReferenceRecording:
    """Open a recording that live episodes are to be held against.

    Raises:
        StoreError: it cannot be read, or does not tell how its branches are drawn.
        InputError: they were not drawn at all.
    """
    [named] = open_recordings([path])
    settings = read_settings(named.recording)
    if settings.source is not None:
        raise InputError(
            f"{path}: holds chains from elsewhere, so no others can be drawn like them"
        )
    return ReferenceRecording(named, settings, load_replay_environment(named.recording))


async def play_live(
    asked: LiveRunRequest,
    recorded: ReferenceRecording | None,
    ended: Callable[[Served, LiveResult], None],
) -> LiveRunResult:
    """Play what is asked for.

    Args:
        asked: the controller and where the model is served.
        recorded: the recording that says how branches are drawn, in place of the options.
        ended: is told of each episode as it ends.

    Raises:
        ServingError: a server does not play its part; of what had ended was told.
        InputError: the options contradict each other, or the controller failed.
    """
    options = asked.options
    how = (options.answers, options.equivalence_method)
    if recorded is not None:
        how = (recorded.settings.extraction, recorded.settings.equivalence)
    with model_servers.open_reading(*how) as reading:
        # What was typed is judged before any engine is started.
        anew = _collection_work(options, reading.equivalence.name) if recorded is None else None
        async with model_servers.connect_servers(options.serving) as places:
            if recorded is not None:
                ready = await _prepare_from_recording(asked, recorded, places, reading)
            elif anew is not None:
                ready = await _prepare_from_options(asked, anew, places, reading)
            todo = LiveWorkload(asked.plan, ready.entries, asked.seeds, asked.at_once)
            with console.progress("playing", len(ready.entries) * asked.seeds) as advance:

                def report(live_result: LiveResult) -> None:
                    ended(ready.served, live_result)
                    advance(1)

                return LiveRunResult(ready.served, await run_episodes(ready.model, todo, report))


class _PreparedRun(NamedTuple):
    """What the servers said before anything was drawn."""

    served: Served
    model: LiveModel
    entries: list[LiveQuestion]


async def _prepare_from_options(
    asked: LiveRunRequest, work: Collected, places: Sequence[Endpoint], reading: AnswerRules
) -> _PreparedRun:
    """Questions of a file, drawn by the options."""
    engine = places[0].engine
    typed = await collect_options.with_family(asked.options, work.settings, engine)
    collect_options.warn_of_equal_branches(typed, work.branches)
    prepared = await prepare_collection(work._replace(settings=typed), places, reading)
    settings = with_signals(typed, required_signals(asked.plan))
    entries = [
        LiveQuestion(number, _posed(question, settings), work.branches)
        for number, question in enumerate(prepared.questions)
    ]
    model = LiveModel(places, settings, prepared.forced, reading)
    return _PreparedRun(prepared.served, model, entries)


def _posed(question: Question, settings: Settings, known: Sequence[str] = ()) -> PosedQuestion:
    return PosedQuestion(
        question.id,
        question.prompt_ids or [],
        make_probe_settings(settings, question),
        question.gold,
        question_letters(question),
        known,
        question.missing or (),
    )


async def _prepare_from_recording(
    asked: LiveRunRequest,
    recorded: ReferenceRecording,
    places: Sequence[Endpoint],
    reading: AnswerRules,
) -> _PreparedRun:
    """Questions of a recording, drawn as it was."""
    recording, settings = recorded.named.recording, recorded.settings
    served = await check_same_model(places)
    if odd := describe_engine_mismatch(recording, served):
        console.warn(odd)
    forced = await refuse_shorter_context(recording, settings, served, places[0])
    settings = with_signals(settings, required_signals(asked.plan))
    entries = _recorded_questions(recorded, asked.options.questions, settings)
    return _PreparedRun(served, LiveModel(places, settings, forced, reading), entries)


def required_signals(plan: Plan) -> frozenset[str]:
    """The signals that a controller reads; those of another language than Rheo are not known."""
    if isinstance(plan, RheoPlan):
        return plan.program.checked.needs.signals
    return frozenset()


def _collection_work(options: collect_options.CollectOptions, equivalence: str) -> Collected:
    if options.questions is None:
        raise InputError("name questions with --questions, or a recording with --against")
    return options.work(equivalence)


def _recorded_questions(
    recorded: ReferenceRecording, questions: Path | None, settings: Settings
) -> list[LiveQuestion]:
    """Return the questions of a recording, or those of them that a file names."""
    recording = recorded.named.recording
    numbered = {each.id: number for number, each in enumerate(recording.questions)}
    wanted = list(numbered)
    if questions is not None:
        wanted = [each.id for each in read_questions(questions).asked]
        if strange := next((name for name in wanted if name not in numbered), None):
            raise InputError(f"{questions}: the recording has no question {strange!r}")
    numbers = [numbered[name] for name in wanted]
    return [
        LiveQuestion(
            number,
            _posed(recording.questions[number], settings, recording.core(number).answers),
            len(recorded.replay_environment.branch_pools[number].chains),
        )
        for number in numbers
    ]


_COLUMNS = (
    "question", "seed", "answer", "gold", "right", "tokens", "sequential", "barriers", "probes",
    "probe_tokens", "seconds",
)  # fmt: skip


def episode_table(live_results: Sequence[LiveResult]) -> Table:
    """Return a row for each episode."""
    return Table([_column(name) for name in _COLUMNS], [_row(each) for each in live_results])


def paired_table(found: Sequence[EpisodePair]) -> Table:
    """Return the same, each beside its replay."""
    columns = [
        *(_column(name) for name in _COLUMNS),
        Column("same"),
        Column("parts_at", "parts at"),
    ]
    rows = [(*_row(each.live_result), "yes" if each.same else "no", each.parts) for each in found]
    return Table(columns, rows)


def _column(name: str) -> Column:
    grouped = name in ("tokens", "sequential")
    return Column(name, name.replace("_", " "), grouped=grouped)


def _row(each: LiveResult) -> tuple[Cell, ...]:
    found = each.episode
    right = None if found.right is None else ("yes" if found.right else "no")
    return (
        each.question, each.seed, found.answer, found.gold, right, found.tokens, found.sequential,
        len(found.barriers) - 1, each.probes, each.probe_tokens, each.seconds,
    )  # fmt: skip


def summarise_run(live_results: Sequence[LiveResult], seconds: float) -> str:
    """What a run came to, in one line.

    Args:
        live_results: its episodes, at least one.
        seconds: what it took in all.
    """
    count = len(live_results)
    right = sum(bool(each.episode.right) for each in live_results)
    tokens = sum(each.episode.tokens for each in live_results)
    sequential = sum(each.episode.sequential for each in live_results)
    waits = sorted(each.seconds for each in live_results)
    return (
        f"{right} of {count} right ({100 * right / count:.1f} %); {tokens // count:,} tokens and"
        f" {sequential // count:,} sequential for each question, {waits[count // 2]:.1f} s in the"
        f" middle; {tokens / max(seconds, 1e-9):,.0f} tokens/s in {format_duration(seconds)}"
    )


def format_distribution(found: Sequence[FigureDifference]) -> str:
    """Live and replay beside each other, a line for each figure."""
    lines = ["live less replay over 100 seeds, with intervals of 95 % over questions:"]
    for each in found:
        places = 2 if each.figure == "accuracy" else 0
        low, high = each.around
        lines.append(
            f"  {each.figure:<10} {each.live:,.{places}f} - {each.replay:,.{places}f}"
            f" = {each.difference:+,.{places}f} [{low:+,.{places}f}, {high:+,.{places}f}]"
        )
    return "\n".join(lines)

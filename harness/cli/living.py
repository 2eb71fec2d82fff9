"""``rheostat run`` behind its options: what is played live, and the work with its progress."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.cli import collect_options, console, serving
from harness.errors import InputError
from harness.live.model import Model, Posed, with_signals
from harness.live.running import Entry, Lived, Work, run
from harness.mdp.environment import Environment, environment
from harness.request.configured import Configured, Plan
from harness.request.recordings import Named, open_recordings
from store.collection.preparation import Work as Collected
from store.collection.preparation import agree, prepare, probing_for
from store.collection.probing import Reading
from store.collection.prompts import letters_of
from store.collection.questions import read_questions
from store.collection.settings import Settings
from store.collection.verification import checkable, other_engine, refuse_shorter_context
from store.records import Question
from store.serving.engine import Served
from store.serving.places import Place

UNUSED: Mapping[str, object] = {
    "chains": None, "benchmark": None, "licence": None, "group": 1, "stepwise": True,
    "text": False, "token_ids": False, "price_per_hour": 0.0, "price_in": 0.0, "price_out": 0.0,
    "allow_missing": 0,
}  # fmt: skip
"""Options of a collection that a live episode has no use for."""


class Asked(NamedTuple):
    """What a command line asks for."""

    plan: Plan
    options: collect_options.Options
    seeds: int
    at_once: int


class Against(NamedTuple):
    """The recording that live episodes are held against."""

    named: Named
    settings: Settings
    world: Environment


class Outcome(NamedTuple):
    """What came of it."""

    served: Served
    lived: list[Lived]


def against(path: Path) -> Against:
    """Opens a recording that live episodes are to be held against.

    Raises:
        StoreError: it cannot be read, or does not tell how its branches are drawn.
        InputError: they were not drawn at all.
    """
    [named] = open_recordings([path])
    settings = checkable(named.recording)
    if settings.source is not None:
        raise InputError(
            f"{path}: holds chains from elsewhere, so no others can be drawn like them"
        )
    return Against(named, settings, environment(named.recording))


async def played(
    asked: Asked, recorded: Against | None, ended: Callable[[Served, Lived], None]
) -> Outcome:
    """Plays what is asked for.

    Args:
        asked: the controller and where the model is served.
        recorded: the recording that says how branches are drawn, in place of the options.
        ended: is told of each episode as it ends.

    Raises:
        ServingError: a server does not play its part; of what had ended was told.
        InputError: the options contradict each other, or the controller failed.
    """
    options = asked.options
    how = (options.answers, options.sameness)
    if recorded is not None:
        how = (recorded.settings.extraction, recorded.settings.equivalence)
    with serving.reading(*how) as reading:
        # What was typed is judged before any engine is started.
        anew = _collected(options, reading.equivalence.name) if recorded is None else None
        async with serving.connected(options.serving) as places:
            if recorded is not None:
                ready = await _as_recorded(asked, recorded, places, reading)
            elif anew is not None:
                ready = await _as_asked(asked, anew, places, reading)
            todo = Work(asked.plan, ready.entries, asked.seeds, asked.at_once)
            with console.progress("playing", len(ready.entries) * asked.seeds) as advance:

                def told(lived: Lived) -> None:
                    ended(ready.served, lived)
                    advance(1)

                return Outcome(ready.served, await run(ready.model, todo, told))


class _Ready(NamedTuple):
    """What the servers said before anything was drawn."""

    served: Served
    model: Model
    entries: list[Entry]


async def _as_asked(
    asked: Asked, work: Collected, places: Sequence[Place], reading: Reading
) -> _Ready:
    """Questions of a file, drawn by the options."""
    engine = places[0].engine
    typed = await collect_options.with_family(asked.options, work.settings, engine)
    collect_options.warn_of_equal_branches(typed, work.branches)
    prepared = await prepare(work._replace(settings=typed), places, reading)
    settings = with_signals(typed, needs(asked.plan))
    entries = [
        Entry(number, _posed(question, settings), work.branches)
        for number, question in enumerate(prepared.questions)
    ]
    model = Model(places, settings, prepared.forced, reading)
    return _Ready(prepared.served, model, entries)


def _posed(question: Question, settings: Settings, known: Sequence[str] = ()) -> Posed:
    return Posed(
        question.id,
        question.prompt_ids or [],
        probing_for(settings, question),
        question.gold,
        letters_of(question),
        known,
        question.missing or (),
    )


async def _as_recorded(
    asked: Asked, recorded: Against, places: Sequence[Place], reading: Reading
) -> _Ready:
    """Questions of a recording, drawn as it was."""
    recording, settings = recorded.named.recording, recorded.settings
    served = await agree(places)
    if odd := other_engine(recording, served):
        console.warn(odd)
    forced = await refuse_shorter_context(recording, settings, served, places[0])
    settings = with_signals(settings, needs(asked.plan))
    entries = _recorded(recorded, asked.options.questions, settings)
    return _Ready(served, Model(places, settings, forced, reading), entries)


def needs(plan: Plan) -> frozenset[str]:
    """The signals that a controller reads; those of another language than Rheo are not known."""
    if isinstance(plan, Configured):
        return plan.program.checked.needs.signals
    return frozenset()


def _collected(options: collect_options.Options, equivalence: str) -> Collected:
    if options.questions is None:
        raise InputError("name questions with --questions, or a recording with --against")
    return options.work(equivalence)


def _recorded(recorded: Against, questions: Path | None, settings: Settings) -> list[Entry]:
    """The questions of a recording, or those of them that a file names."""
    recording = recorded.named.recording
    numbered = {each.id: number for number, each in enumerate(recording.questions)}
    wanted = list(numbered)
    if questions is not None:
        wanted = [each.id for each in read_questions(questions).asked]
        if strange := next((name for name in wanted if name not in numbered), None):
            raise InputError(f"{questions}: the recording has no question {strange!r}")
    numbers = [numbered[name] for name in wanted]
    return [
        Entry(
            number,
            _posed(recording.questions[number], settings, recording.core(number).answers),
            len(recorded.world.decks[number].chains),
        )
        for number in numbers
    ]

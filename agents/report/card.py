"""What a run ends with: the controller as a file, and its card, from the run's own records."""

from collections.abc import Sequence

from agents.report.controllers import seed_of
from agents.report.document import (
    Block,
    Bullets,
    Code,
    Heading,
    Listing,
    Paragraph,
    Quote,
    Words,
)
from agents.report.held_out import met_before
from agents.report.markdown import markdown
from agents.report.reviewed import intervals
from agents.report.sheets import Sheet
from agents.report.winner import descent
from agents.report.wording import bounds, listed, plain, setting, signed
from agents.run.directory import RunDirectory
from agents.run.records import Decision, Gain, Language, PointFigures, Request, Review
from agents.run.wording import several
from dsl.formatter import format_source
from dsl.source import Source
from harness.evaluation.bootstrap import Interval
from harness.request.controllers import Program, playable_of


def export(run: RunDirectory, candidate: str, decision: Decision | None) -> None:
    """Writes a candidate as ``selected.rheo`` or ``selected.py``, and its card beside it.

    A program of Rheo is written in its canonical layout, one in Python as it stands.

    Nothing is played, and nothing that was held out is opened.

    Args:
        run: the run.
        candidate: one that was reviewed.
        decision: what a person said of it, if one did.

    Raises:
        InputError: a file of the run is missing or damaged.
        DslError: the candidate does not check.
        OSError: the surroundings refuse.
    """
    source, language = run.source(candidate), run.language(candidate)
    if language is Language.RHEO:
        source = format_source(Source(source, f"{candidate}.rheo"))
    card = markdown(_card(run, candidate, source, decision))
    run.write_text(f"selected{language.suffix}", source)
    run.write_text(run.card_path.name, card)


def _card(run: RunDirectory, candidate: str, source: str, decision: Decision | None) -> list[Block]:
    request, review = run.request, run.review(candidate)
    program = playable_of(source, f"{candidate}{run.language(candidate).suffix}")
    name = program.checked.name if isinstance(program, Program) else candidate
    return [
        Heading(1, name),
        *([Paragraph([program.title])] if program.title else []),
        Listing(source),
        Heading(2, "What it was found on"),
        Bullets(_found_on(request)),
        Heading(2, "What it is worth there"),
        Bullets(_worth(request, review)),
        *_points(run, review),
        *_opened_before(run, candidate),
        Heading(2, "Where it comes from"),
        *_origin(run, candidate),
        Heading(2, "Who approved it"),
        *_approval(decision),
        Heading(2, "What it has not been tried on"),
        *_untried(request, run.language(candidate)),
    ]


def _found_on(request: Request) -> list[Words]:
    rules = "" if request.budget is None else f", a budget of {request.budget:,} tokens"
    recordings: list[Words] = [[f"{each.label}, ", Code(each.digest)] for each in request.search]
    return [
        *recordings,
        [
            (
                f"Objective: {request.objective}, under {several(request.seeds, 'shuffle')} of"
                f" every question{rules}; a probe costs {request.kappa}."
            )
        ],
        ["Baselines: " + listed([each.label for each in request.baselines]) + "."],
    ]


def _worth(request: Request, review: Review) -> list[Words]:
    found: list[Words] = [[f"Objective {plain(review.objective)}, in points of percent."]]
    if review.baseline_gain is not None:
        found.append(_gain(review.baseline_gain, "the best baseline"))
    if review.gain is not None and review.gain != review.baseline_gain:
        found.append(_gain(review.gain, "the best candidate before it"))
    if review.unseen_gain is not None:
        gain = review.unseen_gain
        found.append(
            [
                f"{signed(gain.value)} ({bounds(gain.low, gain.high)}) over ",
                Code(gain.against),
                " on the questions and recordings that its round withheld from the proposer.",
            ]
        )
    found += [
        [f"{signed(review.without[each.label])} over the best baseline without {each.label}."]
        for each in request.search
        if each.label in review.without
    ]
    return found


def _gain(gain: Gain, what: str) -> Words:
    return [
        f"{signed(gain.value)} over ",
        Code(gain.against),
        f", {what}; the interval of 95 %, paired by question, is {bounds(gain.low, gain.high)}.",
    ]


def _points(run: RunDirectory, review: Review) -> list[Block]:
    around = intervals(run, review.candidate) if review.points else {}
    found: list[Block] = []
    for label in [each.label for each in run.request.search if each.label in review.points]:
        points = review.points[label]
        found += [
            Paragraph([f"{label}: objective {plain(review.by_recording.get(label))}."]),
            _sheet(points, around.get(label) or [None] * len(points)),
        ]
    return found


def _sheet(points: Sequence[PointFigures], around: Sequence[Interval | None]) -> Sheet:
    rows = [
        [
            setting(each.beta, each.settings),
            plain(each.accuracy),
            "-" if ends is None else bounds(ends.low, ends.high, 1),
            f"{each.cost:,.0f}",
        ]
        for each, ends in zip(points, around, strict=True)
    ]
    return Sheet(["at", "accuracy, %", "95 %", "tokens for each question"], rows)


def _origin(run: RunDirectory, candidate: str) -> list[Block]:
    draft = run.draft(candidate)
    items: list[Words] = [
        [Code(each.candidate), f", by {each.proposer}", *_from(each.parents),
         f": {each.headline}." if each.headline else "."]
        for each in descent(run, candidate)
    ]  # fmt: skip
    if draft.tuned:
        items.append([f"Its constants were fitted: {listed(draft.tuned)}."])
    seed = seed_of(run, candidate)
    if seed is not None:
        items.append(["The seed ", Code(seed.name), f": {seed.about}"])
    words: list[Block] = [Quote(draft.proposal.words)] if draft.proposal.words else []
    return [Bullets(items), *words]


def _from(parents: Sequence[str]) -> Words:
    return [f", from {listed(list(parents))}"] if parents else []


def _approval(decision: Decision | None) -> list[Block]:
    if decision is None or not decision.approved:
        return [Paragraph(["Nobody was asked: it was selected by its figures."])]
    who = decision.by or "a person"
    said: list[Block] = [Quote(decision.note)] if decision.note else []
    return [Paragraph([f"{who} approved it{':' if said else ', without a note.'}"]), *said]


def _opened_before(run: RunDirectory, candidate: str) -> list[Block]:
    """A warning where what was held out is nothing unseen any more."""
    if not met_before(run, candidate):
        return []
    told = (
        "What was held out had been opened before this candidate was reviewed: figures on it are"
        " no longer those of something unseen."
    )
    return [Paragraph([told])]


def _untried(request: Request, language: Language) -> list[Block]:
    flattered = "Every figure above was made on what the controller was found on, and flatters it."
    if not request.held_out:
        words: Words = [
            f"{flattered} Nothing was held out; ",
            Code(f"rheostat sweep selected{language.suffix} --on RECORDINGS"),
            " plays it elsewhere.",
        ]
        return [Paragraph(words)]
    how: Words = [
        "In the directory of the run, ",
        Code("rheostat report ."),
        " opens it and shows what the controller is worth there.",
    ]
    return [
        Paragraph([f"{flattered} Held out, and not opened by the search:"]),
        Bullets([[f"{each.label}, ", Code(each.digest)] for each in request.held_out]),
        Paragraph(how),
    ]

"""Export the selected controller as a file, with its card.

The card is made from the run's own records. The intervals of a review's points come from stored
outcomes; an outcome that is missing is computed again.
"""

from collections.abc import Sequence

from agents.formatting import (
    format_bounds,
    format_gain,
    format_number,
    format_setting,
    format_signed,
    join_words,
)
from agents.report.controllers import find_seed
from agents.report.document import (
    Block,
    Bullets,
    CodeSpan,
    Heading,
    InlineText,
    Paragraph,
    PreformattedText,
    Quote,
)
from agents.report.held_out import was_opened_before
from agents.report.markdown import render_markdown
from agents.report.tables import TextTable
from agents.report.winner import trace_descent
from agents.run.directory import RunDirectory
from agents.run.records import ControllerLanguage, Decision, Gain, PointFigures, Request, Review
from agents.search.arena import open_arena
from agents.search.measurements import ProgramMeasurement
from dsl.formatter import format_source
from dsl.source import Source
from harness.evaluation.bootstrap import ConfidenceInterval, Stratum, interval, resample
from harness.messages import format_count
from harness.request.controllers import RheoController, parse_playable


def compute_intervals(run: RunDirectory, candidate: str) -> dict[str, list[ConfidenceInterval]]:
    """Compute the accuracy interval at each point in percent, by recording.

    Args:
        run: Run directory.
        candidate: A reviewed candidate that could be played.

    Raises:
        InputError: A recording changed since the run began.
        StoreError: A recording cannot be read.
    """
    with open_arena(run, workers=1) as arena:
        measured = arena.play(run.source(candidate))
        labels = [recording.label for recording in arena.recordings]
    if isinstance(
        measured, str
    ):  # it was played in its review, so only a machine failure can reach this line
        return {}
    return {
        label: _compute_accuracy_intervals(measurement)
        for label, measurement in zip(labels, measured, strict=True)
    }


def _compute_accuracy_intervals(measured: ProgramMeasurement) -> list[ConfidenceInterval]:
    samples = resample([Stratum(measured.right.T.astype(float), float(measured.seeds))]) * 100
    return [interval(column) for column in samples.T]


def export_controller(run: RunDirectory, candidate: str, decision: Decision | None) -> None:
    """Write a candidate as ``selected.rheo`` or ``selected.py``, with its card beside it.

    A Rheo program is written in canonical layout, a Python one unchanged. Nothing is played, and no
    held-out data is opened.

    Args:
        run: Run directory.
        candidate: A reviewed candidate.
        decision: Decision of a reviewer, if there is one.

    Raises:
        InputError: A file of the run is missing or damaged.
        DslError: The candidate does not check.
        OSError: A file cannot be written.
    """
    source, language = run.source(candidate), run.language(candidate)
    if language is ControllerLanguage.RHEO:
        source = format_source(Source(source, f"{candidate}.rheo"))
    card = render_markdown(_build_card(run, candidate, source, decision))
    run.write_text(f"selected{language.suffix}", source)
    run.write_text(run.card_path.name, card)


def _build_card(
    run: RunDirectory, candidate: str, source: str, decision: Decision | None
) -> list[Block]:
    request, review = run.request, run.review(candidate)
    program = parse_playable(source, f"{candidate}{run.language(candidate).suffix}")
    name = program.checked.name if isinstance(program, RheoController) else candidate
    return [
        Heading(1, name),
        *([Paragraph([program.title])] if program.title else []),
        PreformattedText(source),
        Heading(2, "Search set"),
        Bullets(_describe_search_set(request)),
        Heading(2, "Results on the search set"),
        Bullets(_describe_results(request, review)),
        *_build_points(run, review),
        *_build_opening_warning(run, candidate),
        Heading(2, "Descent"),
        *_build_descent(run, candidate),
        Heading(2, "Approval"),
        *_build_approval(decision),
        Heading(2, "Held-out data"),
        *_build_held_out(request, run.language(candidate)),
    ]


def _describe_search_set(request: Request) -> list[InlineText]:
    rules = "" if request.budget is None else f", a budget of {request.budget:,} tokens"
    recordings: list[InlineText] = [
        [f"{recording.label}, ", CodeSpan(recording.digest)] for recording in request.search
    ]
    return [
        *recordings,
        [
            (
                f"Objective: {request.objective}, under"
                f" {format_count(request.seeds, 'permutation')} of every question{rules}; a"
                f" probe costs {request.kappa}."
            )
        ],
        ["Baselines: " + join_words([baseline.label for baseline in request.baselines]) + "."],
    ]


def _describe_results(request: Request, review: Review) -> list[InlineText]:
    sentences: list[InlineText] = [
        [f"Objective {format_number(review.objective)}, in points of percent."]
    ]
    if review.baseline_gain is not None:
        sentences.append(_describe_gain(review.baseline_gain, "the best baseline"))
    if review.gain is not None and review.gain != review.baseline_gain:
        sentences.append(_describe_gain(review.gain, "the best candidate before it"))
    if review.unseen_gain is not None:
        gain = review.unseen_gain
        sentences.append(
            [
                f"{format_gain(gain.value, gain.low, gain.high)} over ",
                CodeSpan(gain.against),
                " on the questions and recordings that its round withheld from the proposer.",
            ]
        )
    sentences += [
        [
            (
                f"{format_signed(review.without[recording.label])} over the best baseline"
                f" without {recording.label}."
            )
        ]
        for recording in request.search
        if recording.label in review.without
    ]
    return sentences


def _describe_gain(gain: Gain, role: str) -> InlineText:
    return [
        f"{format_signed(gain.value)} over ",
        CodeSpan(gain.against),
        (
            f", {role}; the interval of 95 %, paired by question, is"
            f" {format_bounds(gain.low, gain.high)}."
        ),
    ]


def _build_points(run: RunDirectory, review: Review) -> list[Block]:
    intervals = compute_intervals(run, review.candidate) if review.points else {}
    blocks: list[Block] = []
    for label in [
        recording.label for recording in run.request.search if recording.label in review.points
    ]:
        points = review.points[label]
        blocks += [
            Paragraph([f"{label}: objective {format_number(review.by_recording.get(label))}."]),
            _build_point_table(points, intervals.get(label) or [None] * len(points)),
        ]
    return blocks


def _build_point_table(
    points: Sequence[PointFigures], intervals: Sequence[ConfidenceInterval | None]
) -> TextTable:
    rows = [
        [
            format_setting(point.beta, point.settings),
            format_number(point.accuracy),
            "-" if ends is None else format_bounds(ends.low, ends.high, 1),
            f"{point.cost:,.0f}",
            "-" if point.sequential is None else f"{point.sequential:,.0f}",
        ]
        for point, ends in zip(points, intervals, strict=True)
    ]
    return TextTable(
        ["at", "accuracy, %", "95 %", "tokens for each question", "sequential tokens"], rows
    )


def _build_descent(run: RunDirectory, candidate: str) -> list[Block]:
    draft = run.draft(candidate)
    items: list[InlineText] = [
        [CodeSpan(ancestor.candidate), f", by {ancestor.proposer}",
         *_describe_parents(ancestor.parents),
         f": {ancestor.headline}." if ancestor.headline else "."]
        for ancestor in trace_descent(run, candidate)
    ]  # fmt: skip
    if draft.tuned:
        items.append([f"Its constants were fitted: {join_words(draft.tuned)}."])
    seed = find_seed(run, candidate)
    if seed is not None:
        items.append(["The seed ", CodeSpan(seed.name), f": {seed.about}"])
    rationale: list[Block] = [Quote(draft.proposal.words)] if draft.proposal.words else []
    return [Bullets(items), *rationale]


def _describe_parents(parents: Sequence[str]) -> InlineText:
    return [f", from {join_words(list(parents))}"] if parents else []


def _build_approval(decision: Decision | None) -> list[Block]:
    if decision is None or not decision.approved:
        return [Paragraph(["No approval was required: it was selected by its figures."])]
    reviewer = decision.by or "a reviewer"
    note: list[Block] = [Quote(decision.note)] if decision.note else []
    return [Paragraph([f"{reviewer} approved it{':' if note else ', without a note.'}"]), *note]


def _build_opening_warning(run: RunDirectory, candidate: str) -> list[Block]:
    """Warn if held-out data was opened before the candidate was reviewed."""
    if not was_opened_before(run, candidate):
        return []
    warning = (
        "The held-out data was opened before this candidate was reviewed, so figures on it are"
        " not those of unseen data."
    )
    return [Paragraph([warning])]


def _build_held_out(request: Request, language: ControllerLanguage) -> list[Block]:
    caveat = (
        "Every figure above was computed on the search set and is optimistic for the controller."
    )
    if not request.held_out:
        sentence: InlineText = [
            f"{caveat} Nothing was held out; ",
            CodeSpan(f"rheostat sweep selected{language.suffix} --on RECORDINGS"),
            " evaluates it on other recordings.",
        ]
        return [Paragraph(sentence)]
    advice: InlineText = [
        "In the directory of the run, ",
        CodeSpan("rheostat report ."),
        " opens it and evaluates the controller on it.",
    ]
    return [
        Paragraph([f"{caveat} Held out, and not opened by the search:"]),
        Bullets(
            [[f"{recording.label}, ", CodeSpan(recording.digest)] for recording in request.held_out]
        ),
        Paragraph(advice),
    ]

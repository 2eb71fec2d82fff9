"""Where a search stands: what counts, the best so far, and what it gains over the best baseline."""

from agents.feedback.brief import SectionForm, render_template
from agents.feedback.history import SearchHistory
from agents.feedback.measured_programs import MeasuredProgram, score_program
from agents.formatting import describe_gain, format_count
from agents.search.arena import Arena
from agents.search.measurements import SearchSubset

_OBJECTIVES = {
    "frontier": (
        "`frontier`, the mean accuracy over the logarithm of tokens of a program's curve (the"
        " running maximum over its points), between the cheapest and the dearest baseline; left"
        " of a program's cheapest point its accuracy counts as 0."
    ),
    "accuracy": "`accuracy`, the best accuracy of any of a program's points, whatever it costs.",
    "tradeoff": (
        "`{name}`, the best of any of a program's points of its accuracy less {gamma} for every"
        " doubling of tokens over the cheapest baseline."
    ),
}


def describe_objective(name: str) -> str:
    """What is to be made large, in a sentence or two.

    Args:
        name: as the request has it.
    """
    kind, _, gamma = name.partition(":")
    sentence = _OBJECTIVES[kind].format(name=name, gamma=gamma)
    return f"{sentence} In points of percent, more is better, the mean over recordings."


def describe_subset(arena: Arena, shown: SearchSubset) -> str:
    """What a round shows of the search set."""
    sizes = [len(each.recording.questions) for each in arena.recordings]
    seen = sum(int(mask.sum()) for mask in shown.questions)
    if seen == sum(sizes):
        questions = format_count(seen, "question")
        return (
            f"The whole search set is shown: {format_count(len(sizes), 'recording')}, {questions}."
        )
    recordings = f"{len(shown.recordings)} of {format_count(len(sizes), 'recording')}"
    return (
        f"This round shows {recordings} and {seen:,} of {sum(sizes):,} questions; what follows on"
        " curves, lines and episodes is of these alone. A candidate has to gain on the rest too."
    )


def summarize_progress_briefly(
    arena: Arena, past: SearchHistory, best: MeasuredProgram, baseline: MeasuredProgram
) -> list[SectionForm]:
    """The section without the figures of each recording."""
    return [
        SectionForm(render_template("standing", sentence=_sentence(arena, past, best, baseline)))
    ]


def summarize_progress(
    arena: Arena, past: SearchHistory, best: MeasuredProgram, baseline: MeasuredProgram
) -> list[SectionForm]:
    """The section, with the figures of each recording and without."""
    sentence = _sentence(arena, past, best, baseline)
    return [
        SectionForm(
            render_template(
                "standing_by_recording", sentence=sentence, table=_table(arena, best, baseline)
            )
        ),
        SectionForm(render_template("standing", sentence=sentence), "figures by recording"),
    ]


def _sentence(
    arena: Arena, past: SearchHistory, best: MeasuredProgram, baseline: MeasuredProgram
) -> str:
    value = score_program(arena, baseline, arena.scorer.whole).score
    rival = f"The best baseline is `{baseline.name}`, worth {value:.2f}."
    if past.best is None or best.name == baseline.name:
        return f"No candidate beats the baselines yet. {rival}"
    review = past.best.review
    ours = score_program(arena, best, arena.scorer.whole).score
    sentence = f"The best so far is `{best.name}`, worth {ours:.2f}. {rival}"
    over = review.baseline_gain
    if over is None:
        return sentence
    certain = "" if over.counts else ", which does not count: the interval is not above 0"
    return f"{sentence} It gains {describe_gain(over)}{certain}."


def _table(arena: Arena, best: MeasuredProgram, baseline: MeasuredProgram) -> str:
    labels = [each.label for each in arena.recordings]
    subjects = [best] if best.name == baseline.name else [best, baseline]
    columns = [
        (each.name, score_program(arena, each, arena.scorer.whole).by_recording)
        for each in subjects
    ]
    width = max(len("recording"), *map(len, labels))
    widths = [max(7, len(name)) for name, _ in columns]
    head = f"{'recording':<{width}}" + "".join(
        f"  {name:>{size}}" for (name, _), size in zip(columns, widths, strict=True)
    )
    rows = [head + ("     gain" if len(columns) > 1 else "")]
    for place, label in enumerate(labels):
        values = [by_recording[place] for _, by_recording in columns]
        row = f"{label:<{width}}" + "".join(
            f"  {value:>{size}.2f}" for value, size in zip(values, widths, strict=True)
        )
        rows.append(row + (f"  {values[0] - values[1]:>+7.2f}" if len(values) > 1 else ""))
    return "\n".join(rows)

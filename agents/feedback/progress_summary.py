"""Summarise a search: the objective, the best so far, and its gain over the best baseline."""

from agents.feedback.brief import SectionForm, render_template
from agents.feedback.history import SearchHistory
from agents.feedback.measured_programs import MeasuredProgram, score_program
from agents.formatting import describe_gain
from agents.search.arena import Arena
from agents.search.measurements import SearchSubset
from dsl.text_width import measure_text
from harness.messages import format_count
from harness.presentation.table import align


def describe_subset(arena: Arena, subset: SearchSubset) -> str:
    """Describe which part of the search set a round shows."""
    sizes = [len(recording.recording.questions) for recording in arena.recordings]
    count = sum(int(mask.sum()) for mask in subset.questions)
    if count == sum(sizes):
        questions = format_count(count, "question")
        return (
            f"The whole search set is shown: {format_count(len(sizes), 'recording')}, {questions}."
        )
    recordings = f"{len(subset.recordings)} of {format_count(len(sizes), 'recording')}"
    return (
        f"This round shows {recordings} and {count:,} of {sum(sizes):,} questions. The curves,"
        " lines and episodes below cover only these. A candidate must also gain on the rest."
    )


def summarize_progress_briefly(
    arena: Arena, history: SearchHistory, best: MeasuredProgram, baseline: MeasuredProgram
) -> list[SectionForm]:
    """Format the section without figures for each recording.

    Args:
        arena: Search set of the run.
        history: Candidates and decisions of earlier rounds.
        best: Best candidate, or the best baseline if there is none.
        baseline: Best baseline.
    """
    return [
        SectionForm(render_template("standing", sentence=_sentence(arena, history, best, baseline)))
    ]


def summarize_progress(
    arena: Arena, history: SearchHistory, best: MeasuredProgram, baseline: MeasuredProgram
) -> list[SectionForm]:
    """Format the section twice: with figures for each recording, and without.

    Args:
        arena: Search set of the run.
        history: Candidates and decisions of earlier rounds.
        best: Best candidate, or the best baseline if there is none.
        baseline: Best baseline.
    """
    sentence = _sentence(arena, history, best, baseline)
    return [
        SectionForm(
            render_template(
                "standing_by_recording", sentence=sentence, table=_table(arena, best, baseline)
            )
        ),
        SectionForm(render_template("standing", sentence=sentence), "figures by recording"),
    ]


def _sentence(
    arena: Arena, history: SearchHistory, best: MeasuredProgram, baseline: MeasuredProgram
) -> str:
    value = score_program(arena, baseline, arena.scorer.whole).score
    baseline_sentence = f"The best baseline is `{baseline.name}`, with an objective of {value:.2f}."
    if history.best is None or best.name == baseline.name:
        return f"No candidate beats the baselines yet. {baseline_sentence}"
    review = history.best.review
    ours = score_program(arena, best, arena.scorer.whole).score
    sentence = (
        f"The best so far is `{best.name}`, with an objective of {ours:.2f}. {baseline_sentence}"
    )
    gain = review.baseline_gain
    if gain is None:
        return sentence
    caveat = "" if gain.counts else f", which does not count: {gain.caveat}"
    return f"{sentence} It gains {describe_gain(gain)}{caveat}."


def _table(arena: Arena, best: MeasuredProgram, baseline: MeasuredProgram) -> str:
    labels = [recording.label for recording in arena.recordings]
    subjects = [best] if best.name == baseline.name else [best, baseline]
    columns = [
        (subject.name, score_program(arena, subject, arena.scorer.whole).by_recording)
        for subject in subjects
    ]
    width = max(len("recording"), *map(measure_text, labels))
    widths = [max(7, measure_text(name)) for name, _ in columns]
    head = align("recording", width) + "".join(
        f"  {align(name, size, right=True)}"
        for (name, _), size in zip(columns, widths, strict=True)
    )
    rows = [head + ("     gain" if len(columns) > 1 else "")]
    for index, label in enumerate(labels):
        values = [by_recording[index] for _, by_recording in columns]
        row = align(label, width) + "".join(
            f"  {value:>{size}.2f}" for value, size in zip(values, widths, strict=True)
        )
        rows.append(row + (f"  {values[0] - values[1]:>+7.2f}" if len(values) > 1 else ""))
    return "\n".join(rows)

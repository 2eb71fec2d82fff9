"""The output of `rheostat inspect` for recordings and records of trials.

One input gets a page, several get a table with a row each. Pages fit 80 columns unless names are
longer.
"""

from collections.abc import Iterator, Mapping, Sequence

from harness.escaping import escape_line
from harness.explanation.inspection import (
    DEPTHS,
    QuestionFigures,
    RecordingInspection,
    ValueDistribution,
)
from harness.explanation.trials_inspection import TrialsInspection
from harness.mdp.playback import SEEDS
from harness.presentation.table import Cell, Column, Table
from store.records import Provenance, SignalDeclaration

_LABEL = 14


def format_inspection(inspection: RecordingInspection) -> str:
    """Return the page of one recording."""
    parts = [_lines(_about(inspection)), _lines(_figures(inspection)), _spreads(inspection).text()]
    if inspection.provenance.probed:
        parts.append(_depths(inspection).text())
    if inspection.per_question is not None:
        parts.append(questions_table([inspection]).text())
    return "\n".join(parts)


def overview_table(
    recordings: Sequence[RecordingInspection], *, all_columns: bool = False
) -> Table:
    """Return a row for each recording, in percent and tokens.

    The default columns fit a terminal. ``all_columns`` adds each recording's path and digest, for
    data files.
    """
    columns = [
        *([Column("recording"), Column("digest")] if all_columns else []),
        Column("model"),
        Column("benchmark"),
        Column("questions"),
        *([Column("branches")] if all_columns else []),
        Column("pass_at_1", "pass@1", 2),
        Column("majority_at_k", _title("maj", recordings), 2),
        Column("pass_at_k", _title("pass", recordings), 2),
        Column("mean_tokens", "tokens", 0),
    ]
    rows: list[Sequence[Cell]] = [
        (
            *([inspection.path, inspection.digest] if all_columns else []),
            inspection.provenance.model,
            inspection.provenance.benchmark,
            inspection.questions,
            *([inspection.branches] if all_columns else []),
            inspection.pass_at_1,
            inspection.majority_at_k,
            inspection.pass_at_k,
            inspection.tokens.mean,
        )
        for inspection in recordings
    ]
    return Table(columns, rows)


def questions_table(recordings: Sequence[RecordingInspection]) -> Table:
    """Return a row for each question of each recording, with the model if there are several."""
    several = len(recordings) > 1
    columns = [
        *([Column("model")] if several else []),
        Column("question"),
        Column("branches"),
        Column("pass_at_1", "pass@1", 2),
        Column("majority_at_k", _title("maj", recordings), 2),
        Column("mean_tokens", "tokens", 0),
        Column("answers"),
        Column("wrong_share", "wrong", 2),
    ]
    rows: list[Sequence[Cell]] = [
        (*([inspection.provenance.model] if several else []), *_question(figures))
        for inspection in recordings
        for figures in inspection.per_question or ()
    ]
    return Table(columns, rows)


def _question(figures: QuestionFigures) -> tuple[str, int, float, float, float, int, float]:
    return (
        figures.id,
        figures.branches,
        figures.pass_at_1,
        figures.majority_at_k,
        figures.mean_tokens,
        figures.answers,
        figures.wrong_share,
    )


def _title(measure: str, recordings: Sequence[RecordingInspection]) -> str:
    """Return ``maj@64``, or ``maj@k`` if k differs between recordings."""
    ks = {inspection.k for inspection in recordings}
    return f"{measure}@{ks.pop() if len(ks) == 1 else 'k'}"


def _lines(pairs: Iterator[tuple[str, str]]) -> str:
    return "".join(f"{label:<{_LABEL}}{escape_line(text)}\n" for label, text in pairs)


def _about(inspection: RecordingInspection) -> Iterator[tuple[str, str]]:
    provenance = inspection.provenance
    yield "recording", inspection.path
    yield "digest", inspection.digest
    if inspection.verified:
        yield "verified", "every byte was read and is intact"
    yield "model", provenance.model
    yield "benchmark", provenance.benchmark
    yield "collector", provenance.collector
    yield from _origin(provenance)
    fewest, most = inspection.branches_per_question
    per_question = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    yield "questions", str(inspection.questions)
    yield "branches", f"{inspection.branches}, {per_question} a question"
    if inspection.missing:
        yield "missing", _missing(inspection.missing)
    yield "interval", f"{provenance.interval} tokens"
    yield "also recorded", ", ".join(inspection.parts) or "nothing"
    for name, declared in provenance.signals.items():
        yield "signal", _signal(name, declared, partial=name not in inspection.parts)


def _signal(name: str, declared: SignalDeclaration, *, partial: bool) -> str:
    """Return what a named signal is, in a line."""
    parts = [f"{name}: per {declared.scope}"]
    if declared.unit is not None:
        parts.append(f"in {declared.unit}")
    if declared.direction is not None:
        parts.append(f"{declared.direction} is better")
    if declared.meaning is not None:
        parts.append(declared.meaning)
    if declared.source is not None:
        parts.append(f"by {declared.source}")
    if partial:
        parts.append("some branches lack it, so no program can read it")
    return ", ".join(parts)


def _missing(missing: Mapping[str, Sequence[int]]) -> str:
    """Return the missing branches, question by question."""
    parts = []
    for question, indexes in missing.items():
        word = "branch" if len(indexes) == 1 else "branches"
        parts.append(f"{word} {', '.join(map(str, indexes))} of {question}")
    return "; ".join(parts)


def _origin(provenance: Provenance) -> Iterator[tuple[str, str]]:
    """Return the optional parts of a recording's provenance."""
    if provenance.source is not None:
        yield "source", provenance.source
    if provenance.licence is not None:
        yield "licence", provenance.licence
    if provenance.engine is not None:
        how = ", each interval by its own request" if provenance.stepwise else ""
        yield "engine", provenance.engine + how
    if provenance.extraction is not None or provenance.equivalence != "exact":
        how = provenance.extraction or "as imported"
        yield "answers", f"{how}, compared by {provenance.equivalence}"
    if provenance.simulated:
        yield "simulated", "yes: no language model was involved"
    if not provenance.probed:
        yield "probed", "no: can be replayed only with whole reads"
    sampling = provenance.sampling
    known = [
        f"{name} {value}"
        for name in ("temperature", "top_p", "top_k", "max_tokens", "seed")
        if (value := getattr(sampling, name)) is not None
    ]
    known += [f"{name} {value}" for name, value in sorted(sampling.extra.items())]
    if known:
        yield "sampling", ", ".join(known)


def _figures(inspection: RecordingInspection) -> Iterator[tuple[str, str]]:
    k = inspection.k
    yield "pass@1", f"{inspection.pass_at_1:6.2f} %"
    yield f"majority@{k}", f"{inspection.majority_at_k:6.2f} %  over {len(SEEDS)} permutations"
    yield f"pass@{k}", f"{inspection.pass_at_k:6.2f} %"
    if inspection.provenance.probed:
        yield (
            "overrun",
            f"{inspection.overrun:6.2f} %  of branches are shorter than their probes indicate",
        )


def _spreads(inspection: RecordingInspection) -> Table:
    columns = [
        Column("each_branch", "each branch"),
        Column("mean", None, 1),
        *(Column(key) for key in ("least", "5 %", "25 %", "median", "75 %", "95 %", "most")),
    ]
    return Table(
        columns, [_spread("tokens", inspection.tokens), _spread("probes", inspection.probes)]
    )


def _spread(name: str, spread: ValueDistribution) -> tuple[str | int | float, ...]:
    return (
        name,
        spread.mean,
        spread.least,
        spread.p5,
        spread.p25,
        spread.median,
        spread.p75,
        spread.p95,
        spread.most,
    )


def _depths(inspection: RecordingInspection) -> Table:
    width = 100 // DEPTHS
    columns = [
        Column("depth"),
        Column("probes"),
        Column("agreeing", "as final %", 2),
        Column("right", "right %", 2),
    ]
    rows = [
        (f"{depth.slice * width}-{(depth.slice + 1) * width} %", depth.probes, depth.agreeing,
         depth.right)
        for depth in inspection.depths
    ]  # fmt: skip
    return Table(columns, rows)


_TRIALS_LABEL = 14


def format_trials(inspection: TrialsInspection) -> str:
    """Return the page of one record."""
    pairs = [
        ("record", inspection.path),
        ("pipeline", inspection.pipeline),
        ("digest", inspection.digest),
        *(("stage", f"{stage.stage}: {', '.join(stage.models)}") for stage in inspection.stages),
        ("questions", f"{inspection.questions}, scored by {inspection.metric}"),
        ("trials", str(inspection.trials)),
    ]
    if inspection.best is not None:
        best = inspection.best
        pairs.append(("best", f"{100 * best.score:.2f} % for {best.cost:.4g}: {best.allocation}"))
    if inspection.torn is not None:
        pairs.append(("torn", f"{inspection.torn}; the next trial overwrites it"))
    lines = "".join(f"{name:<{_TRIALS_LABEL}}{escape_line(text)}\n" for name, text in pairs)
    if inspection.per_question is None:
        return lines
    return f"{lines}\n{trials_questions_table([inspection]).text()}"


def trials_table(records: Sequence[TrialsInspection]) -> Table:
    """Return a row for each record."""
    columns = [
        Column("record", name=True), Column("pipeline"), Column("questions"), Column("trials"),
        Column("best_score", "best, %", 2), Column("cost", decimals=1), Column("torn"),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = [
        (
            record.path,
            record.pipeline,
            record.questions,
            record.trials,
            None if record.best is None else 100 * record.best.score,
            None if record.best is None else record.best.cost,
            "no" if record.torn is None else "yes",
        )
        for record in records
    ]
    return Table(columns, rows)


def trials_questions_table(records: Sequence[TrialsInspection]) -> Table:
    """Return a row for each question of each record."""
    columns = [
        Column("record", name=True), Column("question"), Column("mean", "mean, %", 2),
        Column("best", "best trial, %", 2),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = [
        (record.path, one.id, 100 * one.mean, 100 * one.best)
        for record in records
        for one in record.per_question or ()
    ]
    return Table(columns, rows)

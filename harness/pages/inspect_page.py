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
from store.records import Provenance

_LABEL = 14


def format_inspection(found: RecordingInspection) -> str:
    """Return the page of one recording."""
    parts = [_lines(_about(found)), _lines(_figures(found)), _spreads(found).text()]
    if found.provenance.probed:
        parts.append(_depths(found).text())
    if found.per_question is not None:
        parts.append(questions_table([found]).text())
    return "\n".join(parts)


def overview_table(recordings: Sequence[RecordingInspection], *, whole: bool = False) -> Table:
    """Return a row for each recording, in percent and tokens.

    The default columns fit a terminal; ``whole`` adds each recording's path and digest for data
    files.
    """
    columns = [
        *([Column("recording"), Column("digest")] if whole else []),
        Column("model"),
        Column("benchmark"),
        Column("questions"),
        *([Column("branches")] if whole else []),
        Column("pass_at_1", "pass@1", 2),
        Column("majority_at_k", _title("maj", recordings), 2),
        Column("pass_at_k", _title("pass", recordings), 2),
        Column("mean_tokens", "tokens", 0),
    ]
    rows: list[Sequence[Cell]] = [
        (
            *([found.path, found.digest] if whole else []),
            found.provenance.model,
            found.provenance.benchmark,
            found.questions,
            *([found.branches] if whole else []),
            found.pass_at_1,
            found.majority_at_k,
            found.pass_at_k,
            found.tokens.mean,
        )
        for found in recordings
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
        Column("rival_share", "rival", 2),
    ]
    rows: list[Sequence[Cell]] = [
        (*([found.provenance.model] if several else []), *_question(figures))
        for found in recordings
        for figures in found.per_question or ()
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
        figures.rival_share,
    )


def _title(measure: str, recordings: Sequence[RecordingInspection]) -> str:
    """Return ``maj@64``, or ``maj@k`` if k differs between recordings."""
    ks = {found.k for found in recordings}
    return f"{measure}@{ks.pop() if len(ks) == 1 else 'k'}"


def _lines(pairs: Iterator[tuple[str, str]]) -> str:
    return "".join(f"{label:<{_LABEL}}{escape_line(text)}\n" for label, text in pairs)


def _about(found: RecordingInspection) -> Iterator[tuple[str, str]]:
    provenance = found.provenance
    yield "recording", found.path
    yield "digest", found.digest
    if found.verified:
        yield "verified", "every byte was read and is intact"
    yield "model", provenance.model
    yield "benchmark", provenance.benchmark
    yield "collector", provenance.collector
    yield from _origin(provenance)
    fewest, most = found.branches_per_question
    each = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    yield "questions", str(found.questions)
    yield "branches", f"{found.branches}, {each} a question"
    if found.missing:
        yield "missing", _missing(found.missing)
    yield "interval", f"{provenance.interval} tokens"
    yield "also recorded", ", ".join(found.parts) or "nothing"


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


def _figures(found: RecordingInspection) -> Iterator[tuple[str, str]]:
    k = found.k
    yield "pass@1", f"{found.pass_at_1:6.2f} %"
    yield f"majority@{k}", f"{found.majority_at_k:6.2f} %  over {len(SEEDS)} shuffles"
    yield f"pass@{k}", f"{found.pass_at_k:6.2f} %"
    if found.provenance.probed:
        yield (
            "overrun",
            f"{found.overrun:6.2f} %  of branches are shorter than their probes indicate",
        )


def _spreads(found: RecordingInspection) -> Table:
    columns = [
        Column("each_branch", "each branch"),
        Column("mean", None, 1),
        *(Column(key) for key in ("least", "5 %", "25 %", "median", "75 %", "95 %", "most")),
    ]
    return Table(columns, [_spread("tokens", found.tokens), _spread("probes", found.probes)])


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


def _depths(found: RecordingInspection) -> Table:
    width = 100 // DEPTHS
    columns = [
        Column("depth"),
        Column("probes"),
        Column("agreeing", "as final %", 2),
        Column("right", "right %", 2),
    ]
    rows = [
        (f"{each.slice * width}-{(each.slice + 1) * width} %", each.probes, each.agreeing,
         each.right)
        for each in found.depths
    ]  # fmt: skip
    return Table(columns, rows)


_TRIALS_LABEL = 14


def format_trials(found: TrialsInspection) -> str:
    """Return the page of one record."""
    pairs = [
        ("record", found.path),
        ("pipeline", found.pipeline),
        ("digest", found.digest),
        *(("stage", f"{each.stage}: {', '.join(each.models)}") for each in found.stages),
        ("questions", f"{found.questions}, scored by {found.metric}"),
        ("trials", str(found.trials)),
    ]
    if found.best is not None:
        best = found.best
        pairs.append(("best", f"{100 * best.score:.2f} % for {best.cost:.4g}: {best.allocation}"))
    if found.torn is not None:
        pairs.append(("torn", f"{found.torn}; the next trial overwrites it"))
    lines = "".join(f"{name:<{_TRIALS_LABEL}}{escape_line(text)}\n" for name, text in pairs)
    if found.per_question is None:
        return lines
    return f"{lines}\n{trials_questions_table([found]).text()}"


def trials_table(records: Sequence[TrialsInspection]) -> Table:
    """Return a row for each record."""
    columns = [
        Column("record", name=True), Column("pipeline"), Column("questions"), Column("trials"),
        Column("best_score", "best, %", 2), Column("cost", decimals=1), Column("torn"),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = [
        (
            each.path,
            each.pipeline,
            each.questions,
            each.trials,
            None if each.best is None else 100 * each.best.score,
            None if each.best is None else each.best.cost,
            "no" if each.torn is None else "yes",
        )
        for each in records
    ]
    return Table(columns, rows)


def trials_questions_table(records: Sequence[TrialsInspection]) -> Table:
    """Return a row for each question of each record."""
    columns = [
        Column("record", name=True), Column("question"), Column("mean", "mean, %", 2),
        Column("best", "best trial, %", 2),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = [
        (each.path, one.id, 100 * one.mean, 100 * one.best)
        for each in records
        for one in each.per_question or ()
    ]
    return Table(columns, rows)

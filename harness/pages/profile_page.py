"""The output of `rheostat profile`: a page for people, and a table for CSV."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from harness.escaping import escape_block, escape_line
from harness.evaluation.grid import format_knobs
from harness.explanation.line_profile import ALL, LineProfile, Profile, percent_of
from harness.explanation.majority import MajorityComparison, PairedComparison
from harness.mdp.hindsight import Hindsight
from harness.presentation.table import Cell, Column, Table, truncate
from harness.request.plan import Plan

_LABEL = 11
_QUESTIONS = 10
"""The most lost and the most won questions on a page."""


def format_profile(
    plan: Plan, about: Mapping[str, str], profile: Profile, width: int | None
) -> str:
    """Return the page of one profile: source with figures, hindsight, questions.

    Args:
        plan: The controller and its setting.
        about: Labels and values of what was played.
        profile: The profile.
        width: The column at which lines of the source are cut; ``None`` shows them whole.
    """
    head = {
        **about,
        "beta": "not followed" if plan.beta is None else f"{plan.beta:g}",
        "settings": format_knobs(plan.chosen),
        "recording": profile.recording,
        "episodes": f"{profile.episodes:,}, right {_percent(profile.right, profile.episodes)}",
        "tokens": f"{profile.tokens:,}, an episode {_mean(profile.tokens, profile.episodes)},"
        f" sequential {_mean(profile.sequential, profile.episodes)}",
    }
    parts = [
        "".join(f"{label:<{_LABEL}}{escape_line(text)}\n" for label, text in head.items() if text),
        format_source_lines(profile, width),
        format_hindsight(profile.hindsight),
        format_majority(profile.majority, several=profile.recording == ALL),
    ]
    return escape_block("\n".join(parts))


def format_source_lines(profile: Profile, width: int | None) -> str:
    """Return every line of the source after its figures; zeros are left out."""
    rows = [_figures(line) for line in profile.lines]
    heading = ("line", "runs", "tokens", "%", "ended", "right %")
    widths = [max(map(len, cells)) for cells in zip(heading, *rows, strict=True)]
    entries = [
        (heading, ""),
        *((row, line.source) for row, line in zip(rows, profile.lines, strict=True)),
    ]
    if profile.unanswered:
        entries.append((("", "", "", "", f"{profile.unanswered:,}", ""), "(no answer)"))
    lines = []
    for cells, text in entries:
        figures = "  ".join(cell.rjust(size) for cell, size in zip(cells, widths, strict=True))
        line = f"{figures}  {escape_line(text.expandtabs(2))}".rstrip()
        lines.append(line if width is None else truncate(line, width))
    return "".join(f"{line}\n" for line in lines)


def format_hindsight(hindsight: Hindsight) -> str:
    """Return where the tokens went."""
    rows = [
        ("after the final leader was settled", hindsight.after_settled),
        ("on branches pruned later", hindsight.pruned),
        ("on branches that never counted", hindsight.uncounted),
        ("  of them without any answer", hindsight.silent),
        ("on branches that agree with the answer", hindsight.agreeing),
        ("all", hindsight.tokens),
    ]
    table = Table(
        [Column("in hindsight"), Column("tokens", grouped=True), Column("%", decimals=2)],
        [(label, tokens, percent_of(tokens, hindsight.tokens)) for label, tokens in rows],
    )
    settled = f"The leader is settled in {hindsight.settled:,} of {hindsight.episodes:,} episodes."
    overlap = (
        "The first row is by time, and the others divide all tokens by branch, so rows overlap."
    )
    return f"{table.text()}{overlap}\n{settled}\n"


def format_majority(majority: MajorityComparison, *, several: bool) -> str:
    """Return the questions on which the controller and the majority over 64 differ.

    Args:
        majority: The questions.
        several: Whether they come from several recordings.
    """
    verdict = (
        f"Against the majority over 64, of {majority.questions} questions:"
        f" {len(majority.lost)} lost, {len(majority.won)} won.\n"
    )
    for name, some in (("lost", majority.lost), ("won", majority.won)):
        if some:
            verdict += f"\n{_duels(name, some[:_QUESTIONS], several=several)}"
            if len(some) > _QUESTIONS:
                verdict += f"and {len(some) - _QUESTIONS} more; --json has all\n"
    return verdict


def lines_table(profiles: Sequence[Profile]) -> Table:
    """Return every line of every profile, for CSV."""
    names = LineProfile.__struct_fields__
    rows: list[list[Cell]] = [
        [profile.recording, *(getattr(line, name) for name in names)]
        for profile in profiles
        for line in profile.lines
    ]
    return Table([Column("recording"), *map(Column, names)], rows)


def _figures(line: LineProfile) -> tuple[str, ...]:
    return (
        f"{line.line}",
        f"{line.runs:,}" if line.runs else "",
        f"{line.tokens:,}" if line.tokens else "",
        f"{line.tokens_share:.1f}" if line.tokens else "",
        f"{line.ended:,}" if line.ended else "",
        "" if line.right_share is None else f"{line.right_share:.1f}",
    )


def _duels(name: str, some: Sequence[PairedComparison], *, several: bool) -> str:
    columns = [
        *([Column("recording")] if several else []),
        Column(name), Column("right %", decimals=1), Column("majority %", decimals=1),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            *([row.recording] if several else []),
            *(row.question, row.right_share, row.majority_share),
        ]
        for row in some
    ]
    return Table(columns, rows).text()


def _percent(part: int, total: int) -> str:
    percent = percent_of(part, total)
    return "-" if percent is None else f"{percent:.2f} %"


def _mean(total: int, episodes: int) -> str:
    return f"{int(Fraction(total, episodes)):,}"

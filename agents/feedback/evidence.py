"""Describe base rates: what simple evidence about an answer is worth on the shown questions."""

from collections.abc import Sequence

from agents.feedback.brief import SectionForm, render_template
from agents.feedback.point_analysis import AnalyzedRecording
from harness.explanation.base_rates import BaseRates, count_base_rates, sort_cases

SEEDS = range(10)
"""Branch orders to count over."""

MIN_COUNT = 20
"""The fewest occurrences, over all recordings, of a case that is described."""

MAX_CASES = 5
"""The most cases of votes for each number of finished branches, the most frequent ones."""

VOTES = "leader of the finished"
GROUPS = ("order of finishing", VOTES, "unfinished branches")


def describe_evidence(recordings: Sequence[AnalyzedRecording]) -> list[SectionForm]:
    """Describe the base rates of the shown questions, with and without the cases of votes.

    Args:
        recordings: The shown recordings; those without probes are left out.
    """
    probed = [recording for recording in recordings if recording.shown_environment.probed]
    rates = [count_base_rates(recording.shown_environment, SEEDS) for recording in probed]
    if not rates:
        return [SectionForm("")]

    def describe(groups: Sequence[str]) -> str:
        lines = [line for group in groups for line in _list_cases(rates, group)]
        return render_template(
            "evidence",
            recordings=", ".join(recording.label for recording in probed),
            rates="\n".join(lines),
            kinds=_describe_kinds(rates),
        )

    return [
        SectionForm(describe(GROUPS)),
        SectionForm(describe((GROUPS[0], GROUPS[2])), "base rates of votes"),
        SectionForm("", "base rates"),
    ]


def _list_cases(recordings: Sequence[BaseRates], group: str) -> list[str]:
    """Return a line for each frequent case of a group."""
    rates = [
        {rate.case: rate for rate in recording.rates if rate.group == group}
        for recording in recordings
    ]
    cases = sort_cases(case for row in rates for case in row)
    counts = {case: sum(row[case].count for row in rates if case in row) for case in cases}
    frequent = [case for case in cases if counts[case] >= MIN_COUNT]
    if group == VOTES:
        frequent = _most_frequent(frequent, counts)
    lines = []
    for case in frequent:
        right = " | ".join(_format(row[case].right if case in row else None) for row in rates)
        more = " | ".join(_format(row[case].more if case in row else None) for row in rates)
        lines.append(f"- {case} ({counts[case]:,} times): right {right}; more {more}")
    return lines


def _most_frequent(cases: Sequence[str], counts: dict[str, int]) -> list[str]:
    """Keep the most frequent cases of each number of finished branches, in order."""
    frequent: set[str] = set()
    for number in dict.fromkeys(case.partition(",")[0] for case in cases):
        same_number = [case for case in cases if case.partition(",")[0] == number]
        frequent.update(sorted(same_number, key=lambda case: -counts[case])[:MAX_CASES])
    return [case for case in cases if case in frequent]


def _describe_kinds(rates: Sequence[BaseRates]) -> str:
    kinds = dict.fromkeys(kind.kind for recording in rates for kind in recording.kinds)
    parts = []
    for name in kinds:
        rows = [kind for recording in rates for kind in recording.kinds if kind.kind == name]
        questions = " | ".join(str(row.questions) for row in rows)
        share = " | ".join(_format(row.share) for row in rows)
        parts.append(f"{name} right: {questions} questions with {share} % of the tokens")
    return f"Questions by the majority of 16: {'; '.join(parts)}."


def _format(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"

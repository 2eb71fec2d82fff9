"""Describe base rates: what simple evidence about an answer is worth on the shown questions."""

from collections.abc import Sequence

from agents.feedback.brief import SectionForm, render_template
from agents.feedback.point_analysis import AnalyzedRecording
from harness.explanation.base_rates import BaseRate, BaseRates, count_base_rates
from harness.explanation.episode_evidence import EvidenceGroup
from harness.pages.base_rates_page import select_cases

SEEDS = range(10)
"""Branch orders to count over."""

MIN_COUNT = 20
"""The fewest occurrences, over all recordings, of a case that is described."""

MAX_CASES = 5
"""The most cases of votes for each number of finished branches, the most frequent ones."""


def describe_evidence(recordings: Sequence[AnalyzedRecording]) -> list[SectionForm]:
    """Describe the base rates of the shown questions, in full and in short.

    Args:
        recordings: The shown recordings; those without probes are left out.
    """
    probed = [recording for recording in recordings if recording.shown_environment.probed]
    rates = [count_base_rates(recording.shown_environment, SEEDS) for recording in probed]
    if not rates:
        return [SectionForm("")]

    order = _describe_order(rates)
    unfinished = _list_cases(rates, EvidenceGroup.UNFINISHED)
    dissent = _list_dissent(rates)
    votes, contrasts = _list_cases(rates, EvidenceGroup.VOTES), _list_contrasts(rates)

    def describe(lines: Sequence[str]) -> str:
        return render_template(
            "evidence",
            recordings=", ".join(recording.label for recording in probed),
            rates="\n".join(lines),
            kinds=_describe_kinds(rates),
        )

    return [
        SectionForm(describe([order, *votes, *unfinished, *dissent, *contrasts])),
        SectionForm(
            describe([order, *unfinished, *dissent, *contrasts[:1]]),
            "base rates of votes and differences",
        ),
        SectionForm("", "base rates"),
    ]


def _describe_order(recordings: Sequence[BaseRates]) -> str:
    """Describe the order of finishing on one line."""
    cases = select_cases(recordings, EvidenceGroup.ORDER, MIN_COUNT, MAX_CASES)
    right = "; ".join(
        f"{case.removeprefix('finisher ')}: {_join(recordings, case, 'right')}" for case in cases
    )
    more = _join(recordings, cases[0], "more") if cases else ""
    return f"- Right by order of finishing: {right}; the majority of 48: {more}"


def _list_cases(recordings: Sequence[BaseRates], group: EvidenceGroup) -> list[str]:
    """Return a line for each frequent case of a group."""
    return [
        f"- {case} (on {_count_questions(recordings, case)} questions):"
        f" right {_join(recordings, case, 'right')}; more {_join(recordings, case, 'more')}"
        for case in select_cases(recordings, group, MIN_COUNT, MAX_CASES)
    ]


def _list_dissent(recordings: Sequence[BaseRates]) -> list[str]:
    return [
        f"- An unfinished branch after {case} from a leader of the finished: right"
        f" {_join(recordings, case, 'right')}; the leader {_join(recordings, case, 'more')};"
        f" tokens of such branches from then on: {_join(recordings, case, 'tokens')} % of all"
        for case in select_cases(recordings, EvidenceGroup.DISSENT, MIN_COUNT, MAX_CASES)
    ]


def _list_contrasts(recordings: Sequence[BaseRates]) -> list[str]:
    by_recording = [{row.contrast: row for row in recording.contrasts} for recording in recordings]
    lines = []
    for case in dict.fromkeys(case for contrasts in by_recording for case in contrasts):
        rows = [contrasts.get(case) for contrasts in by_recording]
        differences = " | ".join(
            "-" if row is None else f"{row.difference:+.1f} ({row.low:.1f}..{row.high:.1f})"
            for row in rows
        )
        lines.append(f"- Difference, {case}: {differences}")
    return lines


def _find_rate(recording: BaseRates, case: str) -> BaseRate | None:
    return next((rate for rate in recording.rates if rate.case == case), None)


def _count_questions(recordings: Sequence[BaseRates], case: str) -> int:
    found = (_find_rate(recording, case) for recording in recordings)
    return sum(rate.questions for rate in found if rate is not None)


def _join(recordings: Sequence[BaseRates], case: str, figure: str) -> str:
    """Join a figure of a case over recordings."""
    found = [_find_rate(recording, case) for recording in recordings]
    return " | ".join("-" if rate is None else f"{getattr(rate, figure):.0f}" for rate in found)


def _describe_kinds(rates: Sequence[BaseRates]) -> str:
    kinds = dict.fromkeys(kind.kind for recording in rates for kind in recording.kinds)
    parts = []
    for name in kinds:
        rows = [kind for recording in rates for kind in recording.kinds if kind.kind == name]
        questions = " | ".join(str(kind.questions) for kind in rows)
        share = " | ".join(f"{kind.share:.0f}" for kind in rows)
        votes = " | ".join("-" if kind.votes is None else f"{kind.votes:.0f}" for kind in rows)
        parts.append(
            f"{name} right: {questions} questions with {share} % of the tokens, whose leader has"
            f" {votes} % of the votes"
        )
    return f"Questions by the majority of 16: {'; '.join(parts)}."

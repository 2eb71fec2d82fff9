"""Build the brief of a round from the search set and the run's history.

A brief reports progress, plots the frontier against the baselines, shows where the best program
spends its tokens, what hindsight shows of that, a few diagnostic episodes, earlier candidates, and
reviewers' notes. Curves, lines and episodes cover only the shown part of the search set. No
question text and no answer is included.

Sections are shortened in the order of `GIVE_WAY` until the brief fits the request's token limit.
"""

from typing import NamedTuple

from agents.feedback import attempts, frontier_table, line_profile
from agents.feedback.brief import Brief, KnownProgram, SectionForm, fit_sections, render_template
from agents.feedback.diagnostic_episodes import select_diagnostic_episodes
from agents.feedback.evidence import describe_evidence
from agents.feedback.history import SearchHistory, load_history
from agents.feedback.measured_programs import (
    MeasuredProgram,
    describe_plan,
    measure_candidate,
    select_best,
    select_best_baseline,
    select_end_plans,
)
from agents.feedback.point_analysis import PointAnalysis, PointAnalyzer, open_shown_recordings
from agents.feedback.progress_summary import (
    describe_subset,
    summarize_progress,
    summarize_progress_briefly,
)
from agents.run.directory import RunDirectory
from agents.run.records import FeedbackMode
from agents.search.arena import Arena
from agents.search.measurements import SearchSubset
from agents.search.objective import describe_objective
from harness.messages import format_count
from harness.request.controllers import load_program

MAX_KNOWN = 12
"""Candidates that a proposer gets to build on, besides baselines."""

SHORTENING_ORDER = (
    "episodes", "profile", "tried", "evidence", "frontier", "episodes", "last", "tried",
    "episodes", "tried", "people", "last", "hindsight", "profile", "people",
    "frontier", "last", "evidence", "standing", "people",
)  # fmt: skip
"""Order in which sections take their next shorter form."""

EPISODE_COUNTS = (6, 4, 2)
"""Number of episodes, in the long form and in the shorter ones."""


class _Points(NamedTuple):
    low_cost: PointAnalysis
    high_cost: PointAnalysis

    @property
    def both(self) -> list[PointAnalysis]:
        """Return both, or the only one."""
        return [self.low_cost] if self.low_cost is self.high_cost else list(self)


def build_brief(run: RunDirectory, arena: Arena, number: int) -> Brief:
    """Build the brief of round ``number``.

    Args:
        run: Run directory; rounds from ``number`` on are ignored.
        arena: Search set of the run.
        number: Round number, from 1.

    Raises:
        InputError: A file of the run cannot be read.
        StoreError: A recording cannot be read.
    """
    history = load_history(run, number)
    is_scalar = arena.request.feedback is FeedbackMode.SCALAR
    sections = (
        build_scalar_sections(arena, history, number)
        if is_scalar
        else build_sections(arena, history, number)
    )
    fitted = fit_sections(sections, SHORTENING_ORDER, arena.request.brief_tokens)
    return Brief(
        round=number,
        text=fitted.text,
        tokens=fitted.tokens,
        known=_known(arena, history),
        notes=[
            attempts.format_note(decision)
            for decision in history.decisions
            if decision.note.strip()
        ],
    )


def build_sections(
    arena: Arena, history: SearchHistory, number: int
) -> dict[str, list[SectionForm]]:
    """Build the sections of a brief in text order, each with its forms.

    Args:
        arena: Search set of the run.
        history: Candidates and decisions of earlier rounds.
        number: Round number, from 1.
    """
    subset = arena.split(number).shown
    leader, baseline = select_best(arena, history), select_best_baseline(arena)
    recordings = open_shown_recordings(arena, subset)
    analyzer = PointAnalyzer(recordings)
    plans = select_end_plans(arena, leader, subset)
    low_cost, *others = [analyzer.analyze(plan) for plan in plans.both]
    points = _Points(low_cost, others[0] if others else low_cost)
    return {
        "head": [_head(arena, number, describe_subset(arena, subset))],
        "standing": summarize_progress(arena, history, leader, baseline),
        "frontier": _frontier(arena, history, leader, baseline, subset),
        "profile": _profile(leader, points),
        "hindsight": _hindsight(points),
        "evidence": describe_evidence(recordings),
        "episodes": _episodes(leader, analyzer, points),
        "last": attempts.describe_last_round(history),
        "tried": attempts.describe_earlier_rounds(history),
        "people": attempts.describe_decisions(history.decisions),
    }


def build_scalar_sections(
    arena: Arena, history: SearchHistory, number: int
) -> dict[str, list[SectionForm]]:
    """Build the sections of the scalar ablation: one number for each candidate.

    Args:
        arena: Search set of the run.
        history: Candidates and decisions of earlier rounds.
        number: Round number, from 1.
    """
    return {
        "head": [_head(arena, number, "")],
        "standing": summarize_progress_briefly(
            arena, history, select_best(arena, history), select_best_baseline(arena)
        ),
        "tried": attempts.list_objectives(history),
    }


def _head(arena: Arena, number: int, subset_description: str) -> SectionForm:
    return SectionForm(
        render_template(
            "head",
            round=number,
            objective=f"`{arena.request.objective}`,"
            f" {describe_objective(arena.request.objective)}. In points of percent, more is"
            " better, the mean over recordings.",
            shown=subset_description,
        ).strip()
    )


def _frontier(
    arena: Arena,
    history: SearchHistory,
    leader: MeasuredProgram,
    baseline: MeasuredProgram,
    subset: SearchSubset,
) -> list[SectionForm]:
    others = [
        measured
        for candidate in history.last_round
        if candidate.review.objective is not None and candidate.name != leader.name
        for proposal in [candidate.draft.proposal]
        for measured in [
            measure_candidate(arena, candidate.name, proposal.source, proposal.language)
        ]
        if measured is not None
    ]

    def render(rows: list[MeasuredProgram]) -> str:
        measured = frontier_table.build_panels(arena, leader, rows, baseline, subset)
        return render_template(
            "frontier", best=leader.name, panels=frontier_table.format_panels(measured)
        )

    omitted = "curves of the last candidates" if others else ""
    return [
        SectionForm(render(others)),
        SectionForm(render([]), omitted),
        SectionForm("", "accuracy over tokens"),
    ]


def _profile(leader: MeasuredProgram, points: _Points) -> list[SectionForm]:
    def render(analyses: list[PointAnalysis]) -> str:
        settings = " and ".join(describe_plan(analysis.plan) for analysis in analyses)
        legend = "Figures are in that order, separated by `|`. " if len(analyses) > 1 else ""
        return render_template(
            "profile",
            name=leader.name,
            points=settings,
            columns=f"{legend}{line_profile.describe_figures(analyses)}.",
            listing=line_profile.annotate_source(analyses),
        )

    levels = [SectionForm(render(points.both))]
    if len(points.both) > 1:
        levels.append(
            SectionForm(
                render([points.high_cost]), f"line figures at {describe_plan(points.low_cost.plan)}"
            )
        )
    return [*levels, SectionForm("", "the source with its line figures")]


def _hindsight(points: _Points) -> list[SectionForm]:
    lines = "\n".join(f"- {_in_hindsight(analysis)}" for analysis in points.both)
    return [
        SectionForm(render_template("hindsight", lines=lines)),
        SectionForm("", "what hindsight shows"),
    ]


def _in_hindsight(analysis: PointAnalysis) -> str:
    hindsight = analysis.hindsight
    parts = (
        (hindsight.after_settled, "were spent after the final leader settled"),
        (hindsight.pruned, "went into branches that were later pruned"),
        (hindsight.uncounted, "went into kept branches that did not hold the final answer"),
        (hindsight.silent, "of these went into branches that never had an answer"),
    )
    total = max(hindsight.tokens, 1)
    shares = "; ".join(
        f"{100 * part / total:.1f} % {description}" for part, description in parts if part
    )
    return (
        f"At {describe_plan(analysis.plan)}, of {hindsight.tokens:,} tokens in"
        f" {format_count(hindsight.episodes, 'episode')}:"
        f" {shares or 'none were wasted'}. The leader settled in {hindsight.settled:,} of them."
    )


def _episodes(
    leader: MeasuredProgram, analyzer: PointAnalyzer, points: _Points
) -> list[SectionForm]:
    episodes = select_diagnostic_episodes(analyzer, points.high_cost, points.low_cost)
    if not episodes:
        return [SectionForm("")]
    levels = []
    for most in EPISODE_COUNTS:
        text = "\n".join(
            f"- **{episode.kind.value}**: {episode.text}" for episode in episodes[:most]
        )
        omitted = len(episodes) - most
        levels.append(
            SectionForm(
                render_template("episodes", name=leader.name, episodes=text),
                format_count(omitted, "diagnostic episode") if omitted > 0 else "",
            )
        )
    return [*levels, SectionForm("", format_count(len(episodes), "diagnostic episode"))]


def _known(arena: Arena, history: SearchHistory) -> list[KnownProgram]:
    candidates = [
        KnownProgram(
            name=candidate.name,
            source=candidate.draft.proposal.source,
            language=candidate.draft.proposal.language,
            objective=candidate.review.objective,
        )
        for candidate in history.archive[:MAX_KNOWN]
    ]
    baselines = [
        KnownProgram(
            name=baseline.label,
            source=load_program(baseline.controller).checked.source.text,
            objective=None,
        )
        for baseline in arena.request.baselines
    ]
    return [*candidates, *baselines]

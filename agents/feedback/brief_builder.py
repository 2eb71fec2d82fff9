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
    describe_objective,
    describe_subset,
    summarize_progress,
    summarize_progress_briefly,
)
from agents.run.directory import RunDirectory
from agents.run.records import FeedbackMode
from agents.search.arena import Arena
from agents.search.measurements import SearchSubset
from harness.messages import format_count
from harness.request.controllers import load_program

MOST_KNOWN = 12
"""Candidates that a proposer gets to build on, besides baselines."""

GIVE_WAY = (
    "episodes", "profile", "tried", "evidence", "frontier", "episodes", "last", "tried",
    "episodes", "tried", "people", "last", "hindsight", "profile", "people",
    "frontier", "last", "evidence", "standing", "people",
)  # fmt: skip
"""Order in which sections take their next shorter form."""

EPISODES = (6, 4, 2)
"""Number of episodes, in the long form and in the shorter ones."""


class _Points(NamedTuple):
    cheap: PointAnalysis
    dear: PointAnalysis

    @property
    def both(self) -> list[PointAnalysis]:
        """Return both, or the only one."""
        return [self.cheap] if self.cheap is self.dear else list(self)


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
    past = load_history(run, number)
    scalar = arena.request.feedback is FeedbackMode.SCALAR
    made = (
        build_scalar_sections(arena, past, number)
        if scalar
        else build_sections(arena, past, number)
    )
    found = fit_sections(made, GIVE_WAY, arena.request.brief_tokens)
    return Brief(
        round=number,
        text=found.text,
        tokens=found.tokens,
        known=_known(arena, past),
        notes=[attempts.format_note(each) for each in past.said if each.note.strip()],
    )


def build_sections(arena: Arena, past: SearchHistory, number: int) -> dict[str, list[SectionForm]]:
    """Build the sections of a brief in text order, each with its forms."""
    shown = arena.split(number).shown
    leader, baseline = select_best(arena, past), select_best_baseline(arena)
    recordings = open_shown_recordings(arena, shown)
    thorough = PointAnalyzer(recordings)
    looked = select_end_plans(arena, leader, shown)
    cheap, *rest = [thorough.look(plan) for plan in looked.both]
    points = _Points(cheap, rest[0] if rest else cheap)
    return {
        "head": [_head(arena, number, describe_subset(arena, shown))],
        "standing": summarize_progress(arena, past, leader, baseline),
        "frontier": _frontier(arena, past, leader, baseline, shown),
        "profile": _profile(leader, points),
        "hindsight": _hindsight(points),
        "evidence": describe_evidence(recordings),
        "episodes": _episodes(leader, thorough, points),
        "last": attempts.describe_last_round(past),
        "tried": attempts.describe_earlier_rounds(past),
        "people": attempts.describe_decisions(past.said),
    }


def build_scalar_sections(
    arena: Arena, past: SearchHistory, number: int
) -> dict[str, list[SectionForm]]:
    """Build the sections of the scalar ablation: one number for each candidate."""
    return {
        "head": [_head(arena, number, "")],
        "standing": summarize_progress_briefly(
            arena, past, select_best(arena, past), select_best_baseline(arena)
        ),
        "tried": attempts.list_objectives(past),
    }


def _head(arena: Arena, number: int, shown: str) -> SectionForm:
    return SectionForm(
        render_template(
            "head", round=number, objective=describe_objective(arena.request.objective), shown=shown
        ).strip()
    )


def _frontier(
    arena: Arena,
    past: SearchHistory,
    leader: MeasuredProgram,
    baseline: MeasuredProgram,
    shown: SearchSubset,
) -> list[SectionForm]:
    others = [
        found
        for each in past.last_round
        if each.review.objective is not None and each.name != leader.name
        for proposal in [each.draft.proposal]
        for found in [measure_candidate(arena, each.name, proposal.source, proposal.language)]
        if found is not None
    ]

    def drawn(rows: list[MeasuredProgram]) -> str:
        found = frontier_table.build_panels(arena, leader, rows, baseline, shown)
        return render_template(
            "frontier", best=leader.name, panels=frontier_table.format_panels(found)
        )

    alone = "curves of the last candidates" if others else ""
    return [
        SectionForm(drawn(others)),
        SectionForm(drawn([]), alone),
        SectionForm("", "accuracy over tokens"),
    ]


def _profile(leader: MeasuredProgram, points: _Points) -> list[SectionForm]:
    def shown(looked: list[PointAnalysis]) -> str:
        told = " and ".join(describe_plan(each.plan) for each in looked)
        both = "Figures are in that order, separated by `|`. " if len(looked) > 1 else ""
        return render_template(
            "profile",
            name=leader.name,
            points=told,
            columns=f"{both}{line_profile.describe_figures(looked)}.",
            listing=line_profile.annotate_source(looked),
        )

    levels = [SectionForm(shown(points.both))]
    if len(points.both) > 1:
        levels.append(
            SectionForm(shown([points.dear]), f"line figures at {describe_plan(points.cheap.plan)}")
        )
    return [*levels, SectionForm("", "the source with its line figures")]


def _hindsight(points: _Points) -> list[SectionForm]:
    lines = "\n".join(f"- {_in_hindsight(each)}" for each in points.both)
    return [
        SectionForm(render_template("hindsight", lines=lines)),
        SectionForm("", "what hindsight shows"),
    ]


def _in_hindsight(close: PointAnalysis) -> str:
    found = close.hindsight
    parts = (
        (found.after_settled, "were spent after the final leader settled"),
        (found.pruned, "went into branches that were later pruned"),
        (found.uncounted, "went into kept branches that did not hold the final answer"),
        (found.silent, "of these went into branches that never had an answer"),
    )
    whole = max(found.tokens, 1)
    told = "; ".join(f"{100 * part / whole:.1f} % {words}" for part, words in parts if part)
    return (
        f"At {describe_plan(close.plan)}, of {found.tokens:,} tokens in"
        f" {format_count(found.episodes, 'episode')}:"
        f" {told or 'none were wasted'}. The leader settled in {found.settled:,} of them."
    )


def _episodes(
    leader: MeasuredProgram, thorough: PointAnalyzer, points: _Points
) -> list[SectionForm]:
    told = select_diagnostic_episodes(thorough, points.dear, points.cheap)
    if not told:
        return [SectionForm("")]
    levels = []
    for most in EPISODES:
        text = "\n".join(f"- **{each.why.value}**: {each.text}" for each in told[:most])
        rest = len(told) - most
        levels.append(
            SectionForm(
                render_template("episodes", name=leader.name, episodes=text),
                format_count(rest, "diagnostic episode") if rest > 0 else "",
            )
        )
    return [*levels, SectionForm("", format_count(len(told), "diagnostic episode"))]


def _known(arena: Arena, past: SearchHistory) -> list[KnownProgram]:
    found = [
        KnownProgram(
            name=each.name,
            source=each.draft.proposal.source,
            language=each.draft.proposal.language,
            objective=each.review.objective,
        )
        for each in past.archive[:MOST_KNOWN]
    ]
    baselines = [
        KnownProgram(
            name=each.label,
            source=load_program(each.controller).checked.source.text,
            objective=None,
        )
        for each in arena.request.baselines
    ]
    return [*found, *baselines]

"""Select and describe a few episodes that show why a program fails or wastes tokens.

Two kinds are selected by rule:

- *Lost*: for each recording, the question on which the program is right less often than the
majority vote over 64 branches, widest gap first. The episode is the first seed under which the
majority is right and the program is not, at the high-cost point, or at the low-cost point if the
high-cost one has none.
- *Burnt*: for each recording, the traced episode with the most tokens after its final leader
settled with at least half of the votes. The high-cost and the low-cost point take turns.

Recordings take turns in order. No question is used twice at one point, and ties go to the earlier
question. Neither the question's text nor any answer is shown: answers are named by whether they are
right.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import zip_longest
from typing import NamedTuple, TypeVar

from agents.feedback.measured_programs import describe_plan
from agents.feedback.point_analysis import EpisodeKey, PointAnalysis, PointAnalyzer
from agents.feedback.vote_history import VoteHistory, describe_votes, trace_votes
from harness.explanation.episode_trace import EpisodeTrace, TraceStep
from harness.explanation.inspection import VOTES, majority_accuracy
from harness.request.plan import Plan

LOST = 3
"""Maximum number of lost episodes."""

BURNT = 3
"""Maximum number of burnt episodes."""

LEAST_BURNT = 0.2
"""Minimum fraction of an episode's tokens spent after its leader settled."""

LEAST_HELD = 0.5
"""Minimum share of the votes that the leader had when it settled."""

T = TypeVar("T")


class DiagnosticKind(Enum):
    """Why an episode was selected."""

    LOST = "Lost against the majority over 64"
    BURNT = "Tokens spent after the leader settled"


class EpisodeSummary(NamedTuple):
    """Description of one episode."""

    why: DiagnosticKind
    plan: Plan
    spot: EpisodeKey
    text: str
    """A few lines of Markdown."""


def select_diagnostic_episodes(
    thorough: PointAnalyzer, dear: PointAnalysis, cheap: PointAnalysis
) -> list[EpisodeSummary]:
    """Select diagnostic episodes, most informative first, alternating lost and burnt."""
    lost = list(_lost(thorough, dear)) or list(_lost(thorough, cheap))
    ends = [dear] if dear is cheap else [dear, cheap]
    burnt = list(_in_turn([list(_burnt(thorough, each)) for each in ends]))
    return list(_in_turn([lost[:LOST], burnt[:BURNT]]))


def _lost(thorough: PointAnalyzer, close: PointAnalysis) -> Iterator[EpisodeSummary]:
    told: set[str] = set()
    ranked = [_lost_spots(thorough, close, stage) for stage in range(len(thorough.stages))]
    for spot in _in_turn(ranked):
        stage = thorough.stages[spot.stage]
        question = _question(thorough, spot)
        found = thorough.trace(close.plan, spot)
        # A program that uses randomness may draw differently here than in the line counts.
        if question not in told and not found.right:
            told.add(question)
            text = _told(
                thorough,
                close.plan,
                spot,
                found,
                _how_lost(found, len(stage.replay_environment.branch_pools[spot.position].chains)),
            )
            yield EpisodeSummary(DiagnosticKind.LOST, close.plan, spot, text)


def _lost_spots(thorough: PointAnalyzer, close: PointAnalysis, stage: int) -> list[EpisodeKey]:
    here = thorough.stages[stage]
    ranked = []
    for row, position in enumerate(here.positions):
        core = here.recording.core(position)
        gold = here.recording.questions[position].gold
        of = min(VOTES, len(core.final))
        right = close.episodes[stage].right[row].tolist()
        seeds = range(len(right))
        majority_right = [majority_accuracy(core, gold, of, [seed]) == 1 for seed in seeds]
        gap = sum(majority_right) - sum(right)
        lost = [seed for seed in seeds if majority_right[seed] and not right[seed]]
        if gap > 0 and lost:
            ranked.append((-gap, EpisodeKey(stage, position, lost[0])))
    return [spot for _, spot in sorted(ranked)]


def _burnt(thorough: PointAnalyzer, close: PointAnalysis) -> Iterator[EpisodeSummary]:
    ranked: list[list[tuple[int, EpisodeKey]]] = [[] for _ in thorough.stages]
    for spot, seen, held in close.seen:
        if held >= LEAST_HELD and seen.after_settled > LEAST_BURNT * seen.tokens:
            ranked[spot.stage].append((-seen.after_settled, spot))
    told: set[str] = set()
    for _, spot in _in_turn([sorted(each) for each in ranked]):
        question = _question(thorough, spot)
        if question not in told:
            told.add(question)
            found = thorough.trace(close.plan, spot)
            text = _told(thorough, close.plan, spot, found, _how_burnt(found))
            yield EpisodeSummary(DiagnosticKind.BURNT, close.plan, spot, text)


def _question(thorough: PointAnalyzer, spot: EpisodeKey) -> str:
    return thorough.stages[spot.stage].recording.questions[spot.position].id


def _told(
    thorough: PointAnalyzer, plan: Plan, spot: EpisodeKey, found: EpisodeTrace, story: Iterable[str]
) -> str:
    stage = thorough.stages[spot.stage]
    head = (
        f"{stage.label}, question {_question(thorough, spot)}, {describe_plan(plan)},"
        f" seed {spot.seed}: answers"
        f" {'right' if found.right else 'wrong'} after {found.tokens:,} tokens in"
        f" {len(found.barriers)} barriers."
    )
    lines = [head, f"Votes at the end: {describe_votes(found)}.", _ended_by(found), *story]
    return "\n".join(f"  - {line}" if place else line for place, line in enumerate(lines))


def _ended_by(found: EpisodeTrace) -> str:
    if found.stopped is not None:
        why = "The budget ended in" if found.stopped.budget else "It was stopped by"
        return f"{why} {_line(found.stopped.line, found.stopped.source)}."
    last = found.barriers[-1]
    if last.line is None or last.source is None:
        return "It reached the end of the program without an answer."
    return f"It was ended by {_line(last.line, last.source)}."


def _how_lost(found: EpisodeTrace, size: int) -> Iterator[str]:
    went = trace_votes(found)
    yield f"{len(found.branches)} of {size} branches were opened. {_lead_of_right(found, went)}"
    pruned = went.right_pruned
    if pruned:
        told = " and ".join(f"{count} by {_at_line(found, line)}" for line, count in pruned)
        yield f"Branches pruned while they held the right answer: {told}."


def _lead_of_right(found: EpisodeTrace, went: VoteHistory) -> str:
    peak = max(went.right)
    if peak == 0:
        return "No branch ever held the right answer."
    led = [place for place, leads in enumerate(went.right_leads) if leads]
    if not led:
        place = went.right.index(peak)
        return (
            f"The right answer never led: it had at most {peak} of {went.voters[place]} votes, at"
            f" {found.barriers[place].spent:,} tokens."
        )
    last = led[-1]
    votes = f"{went.right[last]} of {went.voters[last]} votes"
    if last >= len(went.right) - 1:
        return f"The right answer led among the live branches until the end, with {votes}."
    turned = found.barriers[last + 1]
    return (
        f"The right answer led last at {found.barriers[last].spent:,} tokens, with {votes}; it lost"
        f" the lead by {_moment(turned)}."
    )


def _how_burnt(found: EpisodeTrace) -> Iterator[str]:
    went = trace_votes(found)
    first = went.settled
    assert first is not None
    settled = found.barriers[first]
    after = found.tokens - settled.spent
    yield (
        f"The final leader was settled at {settled.spent:,} tokens with {went.lead[first]} of"
        f" {went.voters[first]} votes; {after:,} tokens ({100 * after / found.tokens:.0f} %) came"
        f" after it, and it ended with {went.lead[-1]} of {went.voters[-1]}."
    )
    lines: dict[int, int] = {}
    for moment in found.barriers[first + 1 :]:
        if moment.line is not None and moment.charged:
            lines[moment.line] = lines.get(moment.line, 0) + moment.charged
    most = sorted(lines.items(), key=lambda each: (-each[1], each[0]))[:2]
    told = " and ".join(f"{tokens:,} by {_at_line(found, line)}" for line, tokens in most)
    yield f"Spent on: {told}."


def _moment(moment: TraceStep) -> str:
    if moment.line is None or moment.source is None:
        return "the end of the program"
    return _line(moment.line, moment.source)


def _at_line(found: EpisodeTrace, line: int) -> str:
    source = next(each.source for each in found.barriers if each.line == line)
    return _line(line, source or "")


def _line(number: int, source: str) -> str:
    return f"line {number} `{source}`"


def _in_turn(ranked: Sequence[Sequence[T]]) -> Iterator[T]:
    """Interleave: the first of each, then the second of each, and so on."""
    for each in zip_longest(*ranked):
        yield from (item for item in each if item is not None)

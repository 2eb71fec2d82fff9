"""Select and describe a few episodes that show why a program fails or wastes tokens.

Two kinds are selected by rule:

- *Lost*: for each recording, the question on which the program is right less often than the
majority vote over 64 branches, widest gap first. The episode is the first seed under which the
majority is right and the program is not, at the high-cost point, or at the low-cost point if the
high-cost one has none.
- *Burnt*: for each recording, the episode of hindsight with the most tokens after its final leader
settled with at least half of the votes. The high-cost and the low-cost point take turns.

Recordings take turns in order. No question is used twice at one point, and ties go to the earlier
question. Neither the question's text nor any answer is shown: answers are named by whether they are
right.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import islice
from typing import NamedTuple, TypeVar

from agents.feedback.measured_programs import describe_plan
from agents.feedback.point_analysis import EpisodeKey, PointAnalysis, PointAnalyzer
from agents.feedback.vote_history import VoteHistory, describe_votes, trace_votes
from harness.explanation.episode_trace import EpisodeTrace, TraceStep
from harness.explanation.inspection import VOTES, majority_accuracy
from harness.request.plan import Plan

MAX_LOST = 3
"""Maximum number of lost episodes."""

MAX_BURNT = 3
"""Maximum number of burnt episodes."""

MIN_BURNT = 0.2
"""Minimum fraction of an episode's tokens spent after its leader settled."""

MIN_LEADER_SHARE = 0.5
"""Minimum share of the votes that the leader had when it settled."""

T = TypeVar("T")


class DiagnosticKind(Enum):
    """Why an episode was selected."""

    LOST = "Lost against the majority over 64"
    BURNT = "Tokens spent after the leader settled"


class EpisodeSummary(NamedTuple):
    """Description of one episode."""

    kind: DiagnosticKind
    plan: Plan
    key: EpisodeKey
    text: str
    """A few lines of Markdown."""


def select_diagnostic_episodes(
    analyzer: PointAnalyzer, high_cost: PointAnalysis, low_cost: PointAnalysis
) -> list[EpisodeSummary]:
    """Select diagnostic episodes, most informative first, alternating lost and burnt.

    Args:
        analyzer: Analyzer of the shown recordings.
        high_cost: Analysis of the program at its high-cost point.
        low_cost: Analysis at its low-cost point; may be the same.
    """
    lost = list(islice(_select_lost(analyzer, high_cost), MAX_LOST))
    lost = lost or list(islice(_select_lost(analyzer, low_cost), MAX_LOST))
    ends = [high_cost] if high_cost is low_cost else [high_cost, low_cost]
    burnt = _interleave([_select_burnt(analyzer, end) for end in ends])
    return list(_interleave([lost, list(islice(burnt, MAX_BURNT))]))


def _select_lost(analyzer: PointAnalyzer, analysis: PointAnalysis) -> Iterator[EpisodeSummary]:
    described: set[str] = set()
    ranked = [
        _find_lost_episodes(analyzer, analysis, stage) for stage in range(len(analyzer.stages))
    ]
    for key in _interleave(ranked):
        stage = analyzer.stages[key.stage]
        question = _get_question(analyzer, key)
        trace = analyzer.trace(analysis.plan, key)
        # A program that uses randomness may draw differently here than in the line counts.
        if question not in described and not trace.right:
            described.add(question)
            text = _describe_episode(
                analyzer,
                analysis.plan,
                key,
                trace,
                _explain_loss(
                    trace, len(stage.replay_environment.branch_pools[key.position].chains)
                ),
            )
            yield EpisodeSummary(DiagnosticKind.LOST, analysis.plan, key, text)


def _find_lost_episodes(
    analyzer: PointAnalyzer, analysis: PointAnalysis, stage: int
) -> list[EpisodeKey]:
    recording = analyzer.stages[stage]
    ranked = []
    for row, position in enumerate(recording.positions):
        core = recording.recording.core(position)
        gold = recording.recording.questions[position].gold
        votes = min(VOTES, len(core.final))
        right = analysis.episodes[stage].right[row].tolist()
        seeds = range(len(right))
        majority_right = [majority_accuracy(core, gold, votes, [seed]) == 1 for seed in seeds]
        gap = sum(majority_right) - sum(right)
        lost = [seed for seed in seeds if majority_right[seed] and not right[seed]]
        if gap > 0 and lost:
            ranked.append((-gap, EpisodeKey(stage, position, lost[0])))
    return [key for _, key in sorted(ranked)]


def _select_burnt(analyzer: PointAnalyzer, analysis: PointAnalysis) -> Iterator[EpisodeSummary]:
    ranked: list[list[tuple[int, EpisodeKey]]] = [[] for _ in analyzer.stages]
    for key, hindsight in analysis.hindsight_samples:
        if hindsight.after_settled > MIN_BURNT * hindsight.tokens:
            ranked[key.stage].append((-hindsight.after_settled, key))
    described: set[str] = set()
    for key, trace in _interleave(
        [_trace_led(analyzer, analysis.plan, [key for _, key in sorted(keys)]) for keys in ranked]
    ):
        question = _get_question(analyzer, key)
        if question not in described:
            described.add(question)
            text = _describe_episode(analyzer, analysis.plan, key, trace, _explain_burnt(trace))
            yield EpisodeSummary(DiagnosticKind.BURNT, analysis.plan, key, text)


def _trace_led(
    analyzer: PointAnalyzer, plan: Plan, keys: Iterable[EpisodeKey]
) -> Iterator[tuple[EpisodeKey, EpisodeTrace]]:
    """Yield the traces of the episodes whose leader had `MIN_LEADER_SHARE` when it settled.

    Traces are slow, so each is made when it is asked for.

    Args:
        analyzer: Analyzer of the shown recordings.
        plan: Controller and setting.
        keys: Episodes that settle.
    """
    for key in keys:
        trace = analyzer.trace(plan, key)
        history = trace_votes(trace)
        first = history.settled
        assert first is not None
        if history.lead[first] / history.voters[first] >= MIN_LEADER_SHARE:
            yield key, trace


def _get_question(analyzer: PointAnalyzer, key: EpisodeKey) -> str:
    return analyzer.stages[key.stage].recording.questions[key.position].id


def _describe_episode(
    analyzer: PointAnalyzer,
    plan: Plan,
    key: EpisodeKey,
    trace: EpisodeTrace,
    details: Iterable[str],
) -> str:
    stage = analyzer.stages[key.stage]
    head = (
        f"{stage.label}, question {_get_question(analyzer, key)}, {describe_plan(plan)},"
        f" seed {key.seed}: answers"
        f" {'right' if trace.right else 'wrong'} after {trace.tokens:,} tokens in"
        f" {len(trace.barriers)} barriers."
    )
    lines = [head, f"Votes at the end: {describe_votes(trace)}.", _describe_end(trace), *details]
    return "\n".join(f"  - {line}" if index else line for index, line in enumerate(lines))


def _describe_end(trace: EpisodeTrace) -> str:
    if trace.stopped is not None:
        cause = "The budget ended in" if trace.stopped.budget else "It was stopped by"
        return f"{cause} {_format_line(trace.stopped.line, trace.stopped.source)}."
    last = trace.barriers[-1]
    if last.line is None or last.source is None:
        return "It reached the end of the program without an answer."
    return f"It was ended by {_format_line(last.line, last.source)}."


def _explain_loss(trace: EpisodeTrace, size: int) -> Iterator[str]:
    history = trace_votes(trace)
    lead = _describe_right_lead(trace, history)
    yield f"{len(trace.branches)} of {size} branches were opened. {lead}"
    pruned = history.right_pruned
    if pruned:
        prunings = " and ".join(
            f"{count} by {_format_trace_line(trace, line)}" for line, count in pruned
        )
        yield f"Branches pruned while they held the right answer: {prunings}."


def _describe_right_lead(trace: EpisodeTrace, history: VoteHistory) -> str:
    peak = max(history.right)
    if peak == 0:
        return "No branch ever held the right answer."
    led = [index for index, leads in enumerate(history.right_leads) if leads]
    if not led:
        index = history.right.index(peak)
        return (
            f"The right answer never led: it had at most {peak} of {history.voters[index]} votes,"
            f" at {trace.barriers[index].spent:,} tokens."
        )
    last = led[-1]
    votes = f"{history.right[last]} of {history.voters[last]} votes"
    if last >= len(history.right) - 1:
        return f"The right answer led among the live branches until the end, with {votes}."
    next_step = trace.barriers[last + 1]
    return (
        f"The right answer led last at {trace.barriers[last].spent:,} tokens, with {votes}; it lost"
        f" the lead by {_format_step(next_step)}."
    )


def _explain_burnt(trace: EpisodeTrace) -> Iterator[str]:
    history = trace_votes(trace)
    first = history.settled
    assert first is not None
    settled = trace.barriers[first]
    after = trace.tokens - settled.spent
    yield (
        f"The final leader was settled at {settled.spent:,} tokens with {history.lead[first]} of"
        f" {history.voters[first]} votes; {after:,} tokens ({100 * after / trace.tokens:.0f} %)"
        f" came after it, and it ended with {history.lead[-1]} of {history.voters[-1]}."
    )
    lines: dict[int, int] = {}
    for step in trace.barriers[first + 1 :]:
        if step.line is not None and step.charged:
            lines[step.line] = lines.get(step.line, 0) + step.charged
    largest = sorted(lines.items(), key=lambda line: (-line[1], line[0]))[:2]
    spending = " and ".join(
        f"{tokens:,} by {_format_trace_line(trace, line)}" for line, tokens in largest
    )
    yield f"Spent on: {spending}."


def _format_step(step: TraceStep) -> str:
    if step.line is None or step.source is None:
        return "the end of the program"
    return _format_line(step.line, step.source)


def _format_trace_line(trace: EpisodeTrace, line: int) -> str:
    source = next(barrier.source for barrier in trace.barriers if barrier.line == line)
    return _format_line(line, source or "")


def _format_line(number: int, source: str) -> str:
    return f"line {number} `{source}`"


def _interleave(ranked: Iterable[Iterable[T]]) -> Iterator[T]:
    """Interleave: the first of each, then the second of each, and so on, as they are asked for."""
    waiting = deque(iter(items) for items in ranked)
    while waiting:
        items = waiting.popleft()
        for item in items:
            yield item
            waiting.append(items)
            break

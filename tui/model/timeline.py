"""Timeline of one episode: one row per branch, one column per interval.

Everything is computed once, so any moment of the episode is drawn without playing it again.
"""

from collections import Counter
from typing import NamedTuple

from dsl.episode import Advance, Answer, AnyVerb, Open, Probe, Prune, Sample
from harness.explanation.episode_trace import EpisodeTrace, TraceStep
from harness.mdp.ledger import ActionKind

UNSEEN = -1
"""Marks an interval whose answer was not revealed."""


class BranchInterval(NamedTuple):
    """One interval of one branch."""

    since: int
    """Moment at which it was generated, from 1."""
    answer: int
    """Number of the answer that was revealed at its end, or `UNSEEN`."""
    revealed: int
    """Moment at which that answer was revealed."""


class BranchTimeline(NamedTuple):
    """Timeline of one branch."""

    branch: int
    opened: int
    """Moment at which it was opened."""
    intervals: list[BranchInterval]
    finished: int
    """Moment at which it finished; 0 if it did not."""
    pruned: int


class VoteStanding(NamedTuple):
    """State of the vote at a moment."""

    leader: int | None
    """Number of the leading answer among the live branches."""
    votes: int
    voters: int
    tied: bool
    """Whether another answer has as many votes."""
    active: int
    finished: int
    pruned: int


class EpisodeTimeline(NamedTuple):
    """Timeline of an episode."""

    rows: list[BranchTimeline]
    answers: list[str]
    """Answers by number, in the order of their votes at the end."""
    gold: int | None
    """Number of the gold answer; ``None`` if no branch gave it."""
    moments: list[TraceStep]
    depth: int
    """Intervals of the deepest branch."""

    def standing(self, moment: int) -> VoteStanding:
        """Return the state of the vote after a moment; 0 is before the first."""
        votes: Counter[int] = Counter()
        active = finished = pruned = 0
        for row in self.rows:
            if row.opened > moment:
                continue
            if row.pruned and row.pruned <= moment:
                pruned += 1
                continue
            finished += bool(row.finished) and row.finished <= moment
            active += not (row.finished and row.finished <= moment)
            latest = self._latest(row, moment)
            if latest != UNSEEN:
                votes[latest] += 1
        leader = min(votes, key=lambda answer: (-votes[answer], answer)) if votes else None
        count = votes[leader] if leader is not None else 0
        tied = list(votes.values()).count(count) > 1
        return VoteStanding(leader, count, sum(votes.values()), tied, active, finished, pruned)

    @staticmethod
    def _latest(row: BranchTimeline, moment: int) -> int:
        for interval in reversed(row.intervals):
            revealed = interval.answer != UNSEEN and interval.revealed <= moment
            if interval.since <= moment and revealed:
                return interval.answer
        return UNSEEN


def build_timeline(trace: EpisodeTrace) -> EpisodeTimeline:
    """Build the timeline of an episode."""
    answers = [vote.answer for vote in trace.votes if vote.answer is not None]
    numbers = {answer: number for number, answer in enumerate(answers)}
    rows: dict[int, BranchTimeline] = {}
    for moment in trace.barriers:
        for action in moment.actions:
            if action.branch is None:
                continue
            row = rows.get(action.branch)
            if row is None:
                row = rows[action.branch] = BranchTimeline(action.branch, moment.number, [], 0, 0)
            if action.kind is ActionKind.PRUNE:
                row = row._replace(pruned=moment.number)
            while len(row.intervals) < action.depth:
                row.intervals.append(BranchInterval(moment.number, UNSEEN, 0))
            if action.answer is not None and row.intervals:
                number = numbers.setdefault(action.answer, len(numbers))
                row.intervals[-1] = BranchInterval(row.intervals[-1].since, number, moment.number)
            if action.finished:
                row = row._replace(finished=moment.number)
            rows[action.branch] = row
    ordered = [rows[branch] for branch in sorted(rows)]
    return EpisodeTimeline(
        rows=ordered,
        answers=list(numbers),
        gold=None if trace.gold is None else numbers.get(trace.gold),
        moments=trace.barriers,
        depth=max((len(row.intervals) for row in ordered), default=0),
    )


def describe_verb(verb: AnyVerb) -> str:
    """Describe a verb briefly."""
    match verb:
        case Open(count=count) | Sample(count=count):
            word = "open" if isinstance(verb, Open) else "sample"
            return f"{word} {count}"
        case Advance(branches=branches):
            return f"{'advance' if verb.look else 'extend'} {len(branches)} branches"
        case Probe(branches=branches):
            return f"probe {len(branches)} branches"
        case Prune(branches=branches):
            return f"prune {len(branches)} branches"
        case Answer(answer=answer):
            return "answer nothing" if answer is None else f"answer {answer}"

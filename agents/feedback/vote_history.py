"""The votes of one episode, barrier by barrier.

Answers are named by whether they are right, never by their text.
"""

from typing import NamedTuple

from dsl.aggregates import tally, winner
from harness.explanation.episode_trace import EpisodeTrace, VoteCount
from harness.mdp.ledger import ActionKind
from store.simulated_chains import FAILED

MAX_ANSWERS = 4
"""Answers whose votes are listed one by one."""


class VoteHistory(NamedTuple):
    """Votes after each barrier, over all branches that were not pruned."""

    right: list[int]
    """Votes for the right answer, by barrier."""
    lead: list[int]
    """Votes for the leader, by barrier."""
    voters: list[int]
    """All votes, by barrier."""
    right_leads: list[bool]
    settled: int | None
    """First barrier from which the leader equals the episode's answer; ``None`` if it never
    settles.
    """
    right_pruned: list[tuple[int, int]]
    """Lines that pruned branches holding the right answer, with counts, largest first."""


def trace_votes(trace: EpisodeTrace) -> VoteHistory:
    """Compute the vote history of an episode."""
    answers: dict[int, str | None] = {}
    pruned: set[int] = set()
    history = VoteHistory([], [], [], [], None, [])
    leaders = []
    by_line: dict[int, int] = {}
    for step in trace.barriers:
        for action in step.actions:
            if action.branch is None:
                continue  # the episode's own answer
            answers.setdefault(action.branch, None)
            if action.answer is not None:
                answers[action.branch] = action.answer
            if action.kind is ActionKind.PRUNE:
                pruned.add(action.branch)
                if answers[action.branch] == trace.gold and step.line is not None:
                    by_line[step.line] = by_line.get(step.line, 0) + 1
        votes = [answer for branch, answer in answers.items() if branch not in pruned]
        leader = winner(tally(votes))
        leaders.append(leader)
        history.right.append(votes.count(trace.gold))
        history.lead.append(votes.count(leader) if leader is not None else 0)
        history.voters.append(sum(answer is not None for answer in votes))
        history.right_leads.append(leader == trace.gold)
    ordered = sorted(by_line.items(), key=lambda item: (-item[1], item[0]))
    return history._replace(settled=_find_settled(leaders, trace.answer), right_pruned=ordered)


def _find_settled(leaders: list[str | None], answer: str | None) -> int | None:
    first = len(leaders)
    while answer is not None and first > 0 and leaders[first - 1] == answer:
        first -= 1
    return first if first < len(leaders) else None


def describe_votes(trace: EpisodeTrace) -> str:
    """Describe the votes at the end of an episode."""
    named, wrong = [], 0
    for vote in trace.votes:
        if vote.answer is None:
            name = "no answer yet"
        elif vote.answer == trace.gold:
            name = "the right answer"
        elif vote.answer == FAILED:
            name = f'"{FAILED}"'
        else:
            wrong += 1
            name = f"wrong answer {wrong}"
        named.append((name + (", which it gives" if vote.answer == trace.answer else ""), vote))
    # Always list the right answer, whatever its rank.
    listed = [
        vote
        for index, vote in enumerate(named)
        if index < MAX_ANSWERS or vote[1].answer == trace.gold
    ]
    counts = [f"{name} {_counts(vote)}" for name, vote in listed]
    omitted = len(named) - len(listed)
    return "; ".join(counts) + (f"; and {omitted} more" if omitted > 0 else "")


def _counts(vote: VoteCount) -> str:
    parts = []
    if vote.finished:
        parts.append(f"{vote.finished} finished")
    if vote.alive > vote.finished:
        parts.append(f"{vote.alive - vote.finished} active")
    if vote.pruned:
        parts.append(f"{vote.pruned} pruned")
    return f"({', '.join(parts)})"

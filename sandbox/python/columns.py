"""What a verb has revealed of its branches, by column, where every answer on the way was revealed.

The columns are plain data that a host can send. They are shown on the branches without a record for
each of them.
"""

from collections.abc import Sequence

import msgspec

from sandbox.python.branches import Branch, end_branch


class RevealedEnd(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How a branch has ended."""

    depth: int
    tokens: int
    cut_off: bool


class RevealedColumns(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a verb has revealed of its branches, by column, each in the verb's order.

    Every answer on the way was revealed, so depth and tokens follow from the bursts. There are no
    columns if the verb reveals nothing, as one that prunes.
    """

    answers: tuple[str, ...] = ()
    streaks: tuple[int, ...] = ()
    """Sent only if the controller may read it."""
    changes: tuple[int, ...] = ()
    """Sent only if the controller may read it."""
    ends: dict[int, RevealedEnd] = {}
    """The branches that have ended, by position."""


def show_opened(branches: Sequence[Branch], columns: RevealedColumns) -> None:
    """Show what was revealed on new branches.

    Args:
        branches: The branches, in the verb's order.
        columns: What was revealed.
    """
    for branch, answer in zip(branches, columns.answers, strict=True):
        branch.answer = answer
        branch.depth = 1
        branch.seen = True


def show_advanced(
    branches: Sequence[Branch], bursts: Sequence[int], columns: RevealedColumns
) -> None:
    """Show what was revealed on branches that were advanced.

    Args:
        branches: The branches, in the verb's order.
        bursts: The burst of each.
        columns: What was revealed.
    """
    # The inner loop of an episode: it runs once for each branch in each verb.
    for branch, burst, answer in zip(branches, bursts, columns.answers, strict=True):
        branch.depth += burst
        branch.answer = answer
    if columns.streaks:
        counts = zip(branches, columns.streaks, columns.changes, strict=True)
        for branch, streak, changes in counts:
            branch.streak = streak
            branch.changes = changes
    for position, end in columns.ends.items():
        end_branch(branches[position], end.depth, end.tokens, cut_off=end.cut_off)

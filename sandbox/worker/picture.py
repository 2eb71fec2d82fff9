"""The picture of an episode inside of a worker, brought up to date by messages."""

from bisect import insort

from dsl.episode import BranchView, Episode, Outcome, Status
from sandbox.worker.messages import Begin, Go, View


def begun(order: Begin) -> Episode:
    """The picture at the beginning."""
    return Episode(interval=order.interval, limit=order.limit, budget=order.budget)


def brought_up_to_date(episode: Episode, order: Go) -> Outcome:
    """Enters what a verb did. Lists are replaced, so that one that is gone through stays."""
    episode.spent, episode.sequential = order.spent, order.sequential
    before = len(episode.branches)
    finished, pruned = episode.finished, episode.pruned
    views = order.views
    moved = bool(views) and views[-1].index >= before
    if moved:
        opened = [BranchView(view.index) for view in views if view.index >= before]
        episode.branches = [*episode.branches, *opened]
    for view in views:
        branch = episode.branches[view.index]
        was = branch.status
        _enter(view, branch)
        if view.status is not was:
            moved = True
            if view.status is Status.FINISHED:
                finished = [*finished, view.index]
            else:
                pruned = pruned.copy()
                insort(pruned, view.index)
    episode.finished, episode.pruned = finished, pruned
    if moved:
        episode.active = [b.index for b in episode.branches if b.status is Status.ACTIVE]
    return Outcome(tuple(view.index for view in views), order.exhausted)


def _enter(view: View, branch: BranchView) -> None:
    branch.status = view.status
    branch.depth = view.depth
    branch.tokens = view.tokens
    branch.answer = view.answer
    branch.revealed = view.revealed
    branch.streak = view.streak
    branch.changes = view.changes
    branch.entropy = view.entropy
    branch.logprob = view.logprob
    branch.top_logprob = view.top_logprob

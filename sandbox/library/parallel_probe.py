"""Parallel-Probe in Python, as in `parallel_probe.rheo`; arXiv 2602.03845.

Branches run side by side. A branch that disagrees with the majority for long is pruned, and a
majority that stays the same for long is the answer.
"""

N = 64
STABLE = 40
PATIENCE = 7
WARM_UP = 15


def controller(episode, beta):
    """Play one episode."""
    vote = {"leader": None, "unchanged": 0}
    try:
        watch(episode, vote)
    except Exhausted:
        pass
    episode.answer(vote["leader"], winner(episode.alive))


def watch(episode, vote):
    """Run the branches side by side until the majority is stable."""
    off_track = {}
    episode.open(N)
    for steps in episode.step(100):
        if empty(episode.active):
            return
        episode.advance(episode.active)

        if steps >= WARM_UP and count(episode.alive) > 1:
            leader = winner(episode.alive)
            for branch in episode.active:
                off = off_track.get(branch.index, 0) + 1
                off_track[branch.index] = 0 if branch.answer == leader else off
            episode.prune([b for b in episode.active if off_track[b.index] >= PATIENCE])

        now = winner(episode.alive)
        same = now == vote["leader"] and now is not None
        vote["unchanged"] = vote["unchanged"] + 1 if same else 0
        vote["leader"] = now
        if vote["unchanged"] >= STABLE:
            return

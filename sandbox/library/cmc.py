"""The Confidence Momentum Controller in Python, as `cmc.rheo` has it; arXiv 2605.08083."""


def schedule(beta):
    """Return every constant as it follows β."""
    return {
        "n_init": max(2, round(2 + 6 * beta)),
        "width": min(64, round(4 + 60 * beta)),
        "warm_up": max(2, round(2 + 8 * beta)),
        "patience": max(3, round(3 + 9 * beta)),
        "span": max(2, round(2 + 6 * beta)),
        "alpha": round(0.70 - 0.40 * beta, 4),
        "level": round(0.85 + 0.12 * beta, 4),
        "slack": round(0.04 - 0.03 * beta, 4),
        "burst": max(1, round(1 + 2 * beta)),
        "widen": max(1, round(1 + 3 * beta)),
        "flat": round(0.04 - 0.03 * beta, 4),
        "quorum": max(2, round(2 + 3 * beta)),
    }


def controller(episode, beta):
    """Play one episode."""
    try:
        follow(episode, schedule(beta))
    except Exhausted:
        pass
    episode.answer(winner(episode.finished), winner(episode.alive))


def follow(episode, knobs):
    """Step until the momentum of confidence reaches its gate."""
    ema, trend, dissent = 0.0, window(knobs["span"]), {}
    alpha = knobs["alpha"]
    episode.open(knobs["n_init"])
    for steps in episode.step():
        warm = steps >= knobs["warm_up"]
        leader = winner(episode.finished)
        ema = (1 - alpha) * ema + alpha * confidence(episode.finished)

        if warm and leader is not None:
            abandon(episode, leader, dissent, knobs["patience"])

        deepest = episode.active.by(lambda branch: -branch.depth)
        burst = knobs["burst"] if warm else 1
        episode.advance(deepest, lambda branch: burst if branch.answer == leader else 1)

        ema = (1 - alpha) * ema + alpha * confidence(episode.finished)
        trend.push(ema)

        steady = ema >= knobs["level"] and rise(trend) >= -knobs["slack"]
        if warm and count(episode.finished) >= knobs["quorum"] and steady:
            episode.answer(winner(episode.finished), because="momentum gate")
        if empty(episode.active):
            break
        late = steps >= max(1, knobs["warm_up"] // 2)
        if rise(trend) <= knobs["flat"] and late and ema < knobs["level"]:
            more = min(knobs["widen"], knobs["width"] - count(episode.opened))
            episode.open(more, because="the trend is flat")


def abandon(episode, leader, dissent, patience):
    """Prune branches that have long dissented from the leader, but keep two.

    Args:
        episode: The episode to prune in.
        leader: The answer that most finished branches have; ``None`` for none.
        dissent: By branch index, how many steps in a row it has dissented; updated in place.
        patience: Dissenting steps after which a branch is pruned.
    """
    for branch in episode.active:
        agrees = branch.answer == leader
        dissent[branch.index] = 0 if agrees else dissent.get(branch.index, 0) + 1
    stubborn = episode.active.where(lambda branch: dissent[branch.index] >= patience)
    stubborn = stubborn.by(lambda branch: -dissent[branch.index])
    episode.prune(stubborn.first(max(0, count(episode.active) - 2)))

"""The figures of a controller that is written in the tests, computed as those of a program are."""

from collections.abc import Sequence

from dsl.episode import Controller
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.episodes import EpisodeFigures, compute_figures, empty_episodes
from harness.mdp.playback import SEEDS, play_episode
from harness.mdp.replay import Replay


def play_controller(
    controller: Controller,
    replay_environment: ReplayEnvironment,
    *,
    beta: float | None = None,
    seeds: Sequence[int] = SEEDS,
) -> EpisodeFigures:
    """Play every question under every seed and compute the figures."""
    episodes = empty_episodes(len(replay_environment.branch_pools), len(seeds))
    for question, branch_pool in enumerate(replay_environment.branch_pools):
        for column, seed in enumerate(seeds):
            replay = Replay(branch_pool, seed=seed, question=question)
            played = play_episode(controller, replay, beta)
            cell = question, column
            episodes.right[cell] = played.answer == replay_environment.gold[question]
            episodes.tokens[cell] = played.tokens
            episodes.sequential[cell] = played.sequential
    return compute_figures(episodes)

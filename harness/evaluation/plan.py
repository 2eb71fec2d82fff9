"""Plays one controller at one setting over one recording, in whatever language it is written."""

from collections.abc import Sequence

from harness.engines import Engine, LineCounts
from harness.engines.choose import foreign_engine
from harness.mdp.environment import Environment
from harness.mdp.episodes import Episodes
from harness.request.configured import Configured, Plan


def play_plan(
    plan: Plan,
    world: Environment,
    seeds: Sequence[int],
    engine: Engine,
    counts: LineCounts | None = None,
) -> Episodes:
    """The ends of all episodes.

    Args:
        plan: the controller and its setting.
        world: the recording.
        seeds: of every question.
        engine: what plays a program of Rheo; another language has its own.
        counts: what each line did is added to it, where given.

    Raises:
        InputError: the recording lacks something that the program needs, or an episode failed.
        SettingsError: the setting does not go with the program.
        SurroundingsError: what plays programs in that language cannot be had.
    """
    if isinstance(plan, Configured):
        return engine.play(plan.program.checked, plan.setting, world, seeds, plan.rules, counts)
    player = foreign_engine(plan.program.engine)
    return player.play(plan.program.source, plan.setting, world, seeds, plan.rules, counts)

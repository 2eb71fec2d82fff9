"""One point of a program looked at closely: what each line did, and what hindsight shows.

Lines of Rheo are counted by the compiled engine. Hindsight is read off episodes that are traced one
by one, which takes its time, so it is read off fewer of them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.feedback.course import course
from agents.search.arena import Arena
from agents.search.measures import Shown
from dsl.compiler.objects import Objects
from harness.engines import LineCounts, empty_counts
from harness.engines.compiled import CompiledEngine
from harness.evaluation.plan import play_plan
from harness.explanation.hindsight import Hindsight, hindsight, together
from harness.explanation.tracing import Traced, traced
from harness.mdp.environment import Environment, environment
from harness.mdp.episodes import Episodes
from harness.mdp.trace import Barrier
from harness.request.configured import Plan
from store.reader import Recording

SEEDS = range(4)
"""Under which lines are counted."""

HINDSIGHT_EPISODES = 60
"""At most so many, under the first seed, evenly over the questions of all recordings."""

HINDSIGHT_STATEMENTS = 60_000
"""Of a program that runs many statements, fewer episodes, but at least `HINDSIGHT_LEAST`."""

HINDSIGHT_LEAST = 8


class Stage(NamedTuple):
    """One recording, and the questions of it that are shown."""

    label: str
    recording: Recording
    world: Environment
    shown: Environment
    """The same with the shown questions alone."""
    positions: tuple[int, ...]
    """Where those stand in the recording."""


class Spot(NamedTuple):
    """One episode of one point, by its place."""

    stage: int
    position: int
    """Of the question in its recording."""
    seed: int


class Seen(NamedTuple):
    """An episode in hindsight."""

    spot: Spot
    hindsight: Hindsight
    held: float
    """The leader's part of the votes when it was settled; 0 where it never was."""


class Close(NamedTuple):
    """One point of a program over all that is shown."""

    plan: Plan
    episodes: Sequence[Episodes]
    """By stage: (shown questions, `SEEDS`)."""
    counts: LineCounts
    ended: NDArray[np.int64]
    """(lines + 1,) episodes that each line ended."""
    right: NDArray[np.int64]
    """(lines + 1,) those of them that were right."""
    seen: Sequence[Seen]

    @property
    def tokens(self) -> int:
        """Of all episodes."""
        return sum(int(each.tokens.sum()) for each in self.episodes)

    @property
    def played(self) -> int:
        """How many episodes there were."""
        return sum(each.right.size for each in self.episodes)

    @property
    def hindsight(self) -> Hindsight:
        """Of all episodes that were seen."""
        return together([each.hindsight for each in self.seen])


def stages(arena: Arena, shown: Shown) -> list[Stage]:
    """The recordings that are shown, ready for replay.

    Raises:
        StoreError: a recording cannot be read.
    """
    found = []
    for place, mask in zip(shown.recordings, shown.questions, strict=True):
        label, recording = arena.recordings[place]
        world = environment(recording)
        positions = tuple(np.flatnonzero(mask).tolist())
        part = Environment(
            [world.decks[at] for at in positions],
            [world.gold[at] for at in positions],
            digest=world.digest,
            name=world.name,
        )
        found.append(Stage(label, recording, world, part, positions))
    return found


class Closely:
    """Looks at points of programs over the same stages.

    Args:
        at: what `stages` gave.
    """

    def __init__(self, at: Sequence[Stage]):
        self.stages = at
        self._engine = CompiledEngine(Objects(), threads=1)

    def look(self, plan: Plan) -> Close:
        """Plays one point.

        Raises:
            InputError: a recording lacks something that the program needs.
        """
        counts = empty_counts(plan.program.source)
        episodes = [
            play_plan(plan, each.shown, SEEDS, self._engine, counts) for each in self.stages
        ]
        right = np.concatenate([each.right.ravel() for each in episodes])
        line = np.concatenate([each.line.ravel() for each in episodes])
        size = plan.program.source.lines + 1
        statements = int(counts.runs.sum()) // max(right.size, 1) + 1
        return Close(
            plan=plan,
            episodes=episodes,
            counts=counts,
            ended=np.bincount(line, minlength=size),
            right=np.bincount(line[right], minlength=size),
            seen=[self._seen(plan, spot) for spot in self._spots(statements)],
        )

    def trace(self, plan: Plan, spot: Spot) -> Traced:
        """One episode with all that led to it."""
        return traced(plan, self.stages[spot.stage].world, spot.position, spot.seed)

    def _spots(self, statements: int) -> list[Spot]:
        """The episodes that are seen in hindsight.

        Args:
            statements: that one episode runs, about.
        """
        every = [
            Spot(stage, position, SEEDS[0])
            for stage, each in enumerate(self.stages)
            for position in each.positions
        ]
        most = max(HINDSIGHT_LEAST, min(HINDSIGHT_EPISODES, HINDSIGHT_STATEMENTS // statements))
        count = min(most, len(every))
        return [every[place * len(every) // count] for place in range(count)]

    def _seen(self, plan: Plan, spot: Spot) -> Seen:
        found = self.trace(plan, spot)
        went = course(found)
        held = 0.0 if went.settled is None else went.lead[went.settled] / went.voters[went.settled]
        return Seen(spot, hindsight(barriers(found), found.answer), held)


def barriers(found: Traced) -> list[Barrier]:
    """The trace of an episode, as hindsight reads it."""
    return [
        Barrier(each.verb, each.actions, each.exhausted, each.spent, each.sequential)
        for each in found.barriers
    ]

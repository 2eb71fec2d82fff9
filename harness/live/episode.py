"""One live episode: a replay of chains that are drawn just before they are looked at.

Admission, prices, books and trace are those of `harness.mdp.replay.Replay`, which does not notice
that its chains grow. What a verb will look at is found by rehearsing it: a branch that has not been
drawn so far is taken for the longest that there can be, so whatever the rehearsal affords, the
verb affords too. That much is drawn, side by side, and the verb is rehearsed again, until it looks
at nothing that is not there. So no token is drawn that is not charged.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dsl.episode import AnyVerb, Controller, Inadmissible, Outcome
from harness.engines import EpisodeRules
from harness.live.branch import LiveBranch, make_longest_chain
from harness.live.model import LiveModel, PosedQuestion
from harness.mdp.ledger import Action, ActionKind, BarrierRecord
from harness.mdp.playback import EpisodeResult, drive_episode, finish_episode
from harness.mdp.replay import BranchPool, Replay, permute_branches
from store.answers.equivalence import RunningForms
from store.serving.errors import ServingError, first_failure


class LiveEpisodeKey(NamedTuple):
    """Which episode of a question it is."""

    question: int
    """The question's number, which keys chance."""
    seed: int
    """Deals the branches as in replay, and keys chance."""


class LiveEpisode:
    """One question under one seed.

    The branch that replay would deal from a recording of ``limit`` branches is the one that is
    drawn here. So a controller sees the same on both, where the recording was made step by step.

    Args:
        model: what draws.
        posed: the question.
        limit: N, the most branches that can be opened.
        which: which episode of the question it is.
        rules: budget and price of a probe.
        trace: barriers are appended to it, if given.
    """

    def __init__(
        self,
        model: LiveModel,
        posed: PosedQuestion,
        limit: int,
        which: LiveEpisodeKey = LiveEpisodeKey(0, 0),  # noqa: B008 - it is immutable
        rules: EpisodeRules = EpisodeRules(),  # noqa: B008 - it is immutable
        trace: list[BarrierRecord] | None = None,
    ):
        forms = RunningForms(model.reading.equivalence, posed.gold, posed.known)
        self.branches = [
            LiveBranch(model, posed, posed.branch_index(at), forms)
            for at in permute_branches(limit, which.seed)
        ]
        """In the order of opening, those included that are not open yet."""
        # What a chain holds is never read before it is drawn, so one will do for all to begin with.
        blank = make_longest_chain(model)
        self.replay = _BlockingReplay(
            BranchPool([blank] * limit, model.settings.drawing.interval),
            seed=which.seed,
            question=which.question,
            budget=rules.budget,
            probe_cost=rules.probe_cost,
            trace=trace,
        )

    async def prepare(self, verb: AnyVerb) -> None:
        """Draw all that a verb will look at. One that will be refused draws nothing.

        Cancelling it closes every connection that it waits on, upon which the server stops.

        Raises:
            ServingError: the server lies, refuses, or is gone for longer than patience lasts.
        """
        while wanted := self._lacking(verb):
            try:
                async with asyncio.TaskGroup() as tasks:
                    for branch, need in wanted.items():
                        tasks.create_task(_draw(self.branches[branch], need))
            except BaseExceptionGroup as failed:
                raise first_failure(failed) from failed
            for branch in wanted:
                self.replay.learn(branch, self.branches[branch].chain)

    async def play(self, controller: Controller, beta: float | None) -> EpisodeResult:
        """Play the episode to its end.

        Raises:
            ServingError: as `prepare`.
            Inadmissible: the controller yielded a verb that the MDP does not admit.
        """
        course = controller.play(self.replay.episode, beta)
        episode_verbs = drive_episode(course, self.replay)
        refusal: Exception | None = None
        while True:
            try:
                verb = next(episode_verbs)
            except StopIteration as end:
                refusal = end.value
                break
            await self.prepare(verb)
        return finish_episode(course, self.replay, refusal)

    async def play_in_thread(self, play: Callable[[Replay], None]) -> EpisodeResult:
        """Play the episode by a function that performs one verb after the other, and blocks.

        Args:
            play: is called in a thread of its own, with the books.

        Raises:
            ServingError: as `prepare`.
        """
        loop = asyncio.get_running_loop()

        def wait(verb: AnyVerb) -> None:
            asyncio.run_coroutine_threadsafe(self.prepare(verb), loop).result()

        self.replay.wait = wait
        await asyncio.to_thread(play, self.replay)
        return EpisodeResult(self.replay.answer, self.replay.spent, self.replay.sequential)

    def _lacking(self, verb: AnyVerb) -> dict[int, "_DrawRequirement"]:
        """What a verb looks at that is not there yet, by branch."""
        try:
            actions = self.replay.rehearse(verb)
        except Inadmissible:
            return {}  # it will be refused, for the same reason
        return {
            branch: need
            for branch, need in _needs(actions).items()
            if not need.is_met(self.branches[branch])
        }


class _BlockingReplay(Replay):
    """Books that can be told to wait, in whatever thread performs a verb, until it can be."""

    wait: Callable[[AnyVerb], None] | None = None

    def perform(self, verb: AnyVerb) -> Outcome:
        """As `Replay.perform`."""
        if self.wait is not None:
            self.wait(verb)
        return super().perform(verb)


class _DrawRequirement(NamedTuple):
    """What is looked at on one branch."""

    depth: int
    """Intervals, or its end before."""
    probes: frozenset[int]
    """Depths at which its answer is looked at."""

    def is_met(self, branch: LiveBranch) -> bool:
        """Whether all of it is there."""
        drawn = branch.finished or branch.depth >= self.depth
        return drawn and self.probes <= branch.probed.keys()


async def _draw(branch: LiveBranch, need: _DrawRequirement) -> None:
    """Draw a branch; what goes wrong at the server names it."""
    try:
        await branch.draw(need.depth, need.probes)
    except BaseExceptionGroup as failed:
        error = first_failure(failed)
        if isinstance(error, ServingError):
            error.add_subject(f"branch {branch.index}")
        raise


def _needs(actions: Sequence[Action]) -> dict[int, _DrawRequirement]:
    found: dict[int, _DrawRequirement] = {}
    for action in actions:
        if action.branch is None or action.kind is ActionKind.PRUNE:
            continue
        before = found.get(action.branch, _DrawRequirement(0, frozenset()))
        probes = before.probes
        if action.kind is ActionKind.PROBE:
            probes |= {action.depth}
        found[action.branch] = _DrawRequirement(max(before.depth, action.depth), probes)
    return found

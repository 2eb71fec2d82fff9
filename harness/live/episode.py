"""One live episode: a replay of branches that are generated just before they are read.

Admission, costs, ledger and trace are those of `harness.mdp.replay.Replay`, which does not know
that its branches grow. What a verb will read is found by rehearsing it: a branch that is not
generated yet counts as the longest possible one, so the verb affords whatever the rehearsal
affords. That much is generated, in parallel, and the verb is rehearsed again, until nothing is
missing. So no token is generated that is not charged.
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
    """Identifies an episode of a question."""

    question: int
    """The question's number, part of the key of random draws."""
    seed: int
    """Determines the order of branches as in replay, and is part of the key of random draws."""


class LiveEpisode:
    """One question under one seed.

    It generates the branch that replay would open from a recording of ``limit`` branches. So a
    controller sees the same on both, if the recording was made step by step.

    Args:
        model: The model that generates branches.
        posed: The question.
        limit: N, the most branches that can be opened.
        which: Identifies the episode of the question.
        rules: Budget and cost of a probe.
        trace: A list that barriers are appended to, or ``None``.
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
            LiveBranch(model, posed, posed.branch_index(branch), forms)
            for branch in permute_branches(limit, which.seed)
        ]
        """Branches in the order of opening, including those that are not open yet."""
        # A chain is never read before it is generated, so all branches can share one at first.
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
        """Generate what a verb will read. For a verb that will be refused, generate nothing.

        Cancelling this closes every connection that it waits on, so that the server stops.

        Raises:
            ServingError: The server sent an invalid reply, refused, or was unreachable beyond the
                patience.
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
            ServingError: From `prepare`.
            Inadmissible: The controller yielded a verb that the MDP does not admit.
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
        """Play the episode with a blocking function that performs the verbs.

        Args:
            play: Called in a separate thread, with a replay.

        Raises:
            ServingError: From `prepare`.
        """
        loop = asyncio.get_running_loop()

        def wait(verb: AnyVerb) -> None:
            asyncio.run_coroutine_threadsafe(self.prepare(verb), loop).result()

        self.replay.wait = wait
        await asyncio.to_thread(play, self.replay)
        return EpisodeResult(self.replay.answer, self.replay.spent, self.replay.sequential)

    def _lacking(self, verb: AnyVerb) -> dict[int, "_DrawRequirement"]:
        """Return what a verb reads that is not generated yet, by branch."""
        try:
            actions = self.replay.rehearse(verb)
        except Inadmissible:
            return {}  # the verb will be refused for the same reason
        return {
            branch: need
            for branch, need in _needs(actions).items()
            if not need.is_met(self.branches[branch])
        }


class _BlockingReplay(Replay):
    """A replay that blocks the calling thread until a verb can be performed."""

    wait: Callable[[AnyVerb], None] | None = None

    def perform(self, verb: AnyVerb) -> Outcome:
        """Perform one verb; see `Replay.perform`."""
        if self.wait is not None:
            self.wait(verb)
        return super().perform(verb)


class _DrawRequirement(NamedTuple):
    """What is read of one branch."""

    depth: int
    """Intervals to reach, unless the branch ends before."""
    probes: frozenset[int]
    """Depths at which its answer is read."""

    def is_met(self, branch: LiveBranch) -> bool:
        """Whether all of it is generated."""
        generated = branch.finished or branch.depth >= self.depth
        return generated and self.probes <= branch.probed.keys()


async def _draw(branch: LiveBranch, need: _DrawRequirement) -> None:
    """Generate a branch; name it in errors of the server."""
    try:
        await branch.draw(need.depth, need.probes)
    except BaseExceptionGroup as failed:
        error = first_failure(failed)
        if isinstance(error, ServingError):
            error.add_subject(f"branch {branch.index}")
        raise


def _needs(actions: Sequence[Action]) -> dict[int, _DrawRequirement]:
    requirements: dict[int, _DrawRequirement] = {}
    for action in actions:
        if action.branch is None or action.kind is ActionKind.PRUNE:
            continue
        before = requirements.get(action.branch, _DrawRequirement(0, frozenset()))
        probes = before.probes
        if action.kind is ActionKind.PROBE:
            probes |= {action.depth}
        requirements[action.branch] = _DrawRequirement(max(before.depth, action.depth), probes)
    return requirements

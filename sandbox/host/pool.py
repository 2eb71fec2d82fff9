"""Pool of warm workers that plays many episodes, each suspended at its next verb.

The accounting stays on the host: a worker sends verbs, `harness.mdp.replay.Replay` performs them,
and the revealed data goes back. A worker that dies, hangs or sends invalid data is replaced; its
episodes are restarted one at a time to find the one that caused it. Episodes have no side effects,
so nothing is lost.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from dsl.episode import Answer, AnyVerb, BudgetSpent, Inadmissible, Outcome
from dsl.random_draws import EpisodeRandom
from harness.mdp.admission import NotProbed
from harness.mdp.replay import Replay
from sandbox.faults import ControllerError, Fault, Reason, truncate_text
from sandbox.host.interfaces import WorkerLauncher, WorkerLost
from sandbox.host.lean_replay import LeanReplay
from sandbox.host.worker_client import WorkerClient
from sandbox.python.controller import MOST_TURNS
from sandbox.worker.messages import (
    BeginEpisode,
    ContinueEpisode,
    DropEpisode,
    EpisodeFault,
    EpisodeMove,
    LoadController,
    NextVerb,
    Order,
    encode_branch,
    resume_episode,
)

_NOTHING_AFFORDABLE = Outcome((), exhausted=True)


class EpisodeLimits(NamedTuple):
    """Limits of an episode, besides those of its worker."""

    most_turns: int = MOST_TURNS
    """Maximum turns of loops and calls."""
    most_verbs: int = 100_000
    seconds: float = 1.0
    """Limit of processor time between two verbs, in seconds."""
    patience: float = 5.0
    """Seconds without a sign of life after which a worker is abandoned; more than ``seconds``."""
    held: int = 64
    """Episodes that wait side by side in one worker."""


class EpisodeTask(NamedTuple):
    """An episode for a worker process to play, on a replay created by the host."""

    begin: Callable[[], Replay]
    """Create the replay; called again if the worker was lost."""
    beta: float | None = None


class WorkerEpisodeResult(NamedTuple):
    """Result of an episode."""

    task_index: int
    """Index of the task."""
    replay: Replay
    """Replay with the accounting."""
    fault: Fault | None
    """Failure reason, if it failed."""
    last: AnyVerb | None
    """The last verb, if there was one."""
    rounds: int
    """Barriers: verbs with an effect."""
    lines: Mapping[int, int]
    """Line counts, if counting is enabled."""
    tokens: Mapping[int, int]
    """Tokens charged to the verbs of each line, if counting is enabled."""


class _PlayingEpisode:
    """An episode that a worker holds."""

    def __init__(self, index: int, task: EpisodeTask):
        self.index = index
        self.replay = task.begin()
        self.last: AnyVerb | None = None
        self.verbs = 0
        self.rounds = 0
        self.lines: Mapping[int, int] = {}
        self.tokens: Counter[int] = Counter()
        episode = self.replay.episode
        state = EpisodeRandom(episode.seed, episode.question).state
        self.order: Order = BeginEpisode(
            index, episode.interval, episode.limit, episode.budget, state, task.beta,
            tuple(sorted(episode.signals)),
        )  # fmt: skip

    def ended(self, fault: Fault | None = None) -> WorkerEpisodeResult:
        return WorkerEpisodeResult(
            self.index, self.replay, fault, self.last, self.rounds, self.lines, self.tokens
        )


class _WorkerSlot:
    """Slot of a worker in the pool, and its episodes."""

    def __init__(self) -> None:
        self.worker: WorkerClient | None = None
        self.playing: dict[int, _PlayingEpisode] = {}
        self.dropped: list[int] = []
        self.alone = False
        """It holds a single episode, which may have crashed the previous worker."""
        self.is_waiting = False

    def orders(self) -> tuple[Order, ...]:
        """Return the orders to send next."""
        dropped, self.dropped = [DropEpisode(key) for key in self.dropped], []
        return (*dropped, *(playing.order for playing in self.playing.values()))

    def free(self) -> None:
        """End the worker."""
        worker, self.worker = self.worker, None
        self.dropped = []
        self.is_waiting = False
        if worker is not None:
            worker.end()


class WorkerPool:
    """Workers that are started once and play one controller after the other.

    Args:
        place: Launcher of workers.
        text: Source of the controller.
        workers: Number of workers.
        terms: Limits of an episode.
        counting: Whether to count how often lines run.

    Raises:
        ExternalError: No worker can be started.
        ControllerError: The policy does not admit the controller, or loading it fails.
        WorkerLost: A worker fails before it is ready.
    """

    def __init__(
        self,
        launcher: WorkerLauncher,
        text: str,
        *,
        workers: int = 1,
        terms: EpisodeLimits = EpisodeLimits(),  # noqa: B008 - it is immutable
        counting: bool = False,
    ):
        self._launcher = launcher
        self._terms = terms
        self._load = LoadController(text, terms.most_turns, terms.seconds, counting)
        self._slots = [_WorkerSlot() for _ in range(max(1, workers))]
        self._slots[0].worker = self._started()
        self._most = 1
        """Episodes that a worker may hold for now: a controller that fails immediately fails
        alone."""

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers."""
        for slot in self._slots:
            slot.free()

    def play(self, tasks: Sequence[EpisodeTask]) -> Iterator[WorkerEpisodeResult]:
        """Play episodes; yield each as it ends, in no particular order.

        Raises:
            ExternalError: A worker was lost and cannot be replaced.
        """
        fresh = deque(range(len(tasks)))
        suspects: deque[int] = deque()
        while fresh or suspects or any(slot.playing for slot in self._slots):
            # Send to all before waiting for any, so that they work concurrently.
            for turn in (self._ask, self._settle):
                for slot in self._slots:
                    self._fill(slot, tasks, fresh, suspects)
                    try:
                        yield from turn(slot)
                    except WorkerLost as lost:
                        yield from _lose(slot, lost, suspects)

    def _started(self) -> WorkerClient:
        worker = WorkerClient(self._launcher, self._load, self._terms.patience)
        if worker.findings:
            worker.end()
            raise ControllerError(worker.findings[0])
        return worker

    def _fill(
        self,
        slot: _WorkerSlot,
        tasks: Sequence[EpisodeTask],
        fresh: deque[int],
        suspects: deque[int],
    ) -> None:
        """Give a worker as many episodes as it may hold; a suspect episode is played alone."""
        if slot.is_waiting or (slot.playing and slot.alone):
            return
        slot.alone = bool(suspects) and not slot.playing
        source, most = (suspects, 1) if slot.alone else (fresh, self._most)
        while source and len(slot.playing) < most:
            index = source.popleft()
            slot.playing[index] = _PlayingEpisode(index, tasks[index])

    def _ask(self, slot: _WorkerSlot) -> Iterator[WorkerEpisodeResult]:
        """Send a worker its orders; yield nothing."""
        if not slot.playing:
            return
        if slot.worker is None:
            slot.worker = self._started()
        slot.worker.ask(slot.orders())
        slot.is_waiting = True
        yield from ()

    def _settle(self, slot: _WorkerSlot) -> Iterator[WorkerEpisodeResult]:
        """Perform the verbs in a worker's answer."""
        if slot.worker is None or not slot.is_waiting:
            return
        for move in slot.worker.answered():
            playing = slot.playing[move.key]
            ended = self._enter(playing, move)
            if ended is None:
                continue
            del slot.playing[move.key]
            if isinstance(move, NextVerb) and not isinstance(move.verb, Answer):
                slot.dropped.append(move.key)
            yield ended
        slot.is_waiting = False
        self._most = min(2 * self._most, self._terms.held)

    def _enter(self, playing: _PlayingEpisode, move: EpisodeMove) -> WorkerEpisodeResult | None:
        """Perform one verb; return the result if the episode ended."""
        if isinstance(move, EpisodeFault):
            return playing.ended(move.fault)
        verb, replay = move.verb, playing.replay
        playing.last, playing.lines = verb, move.lines
        playing.verbs += 1
        if playing.verbs > self._terms.most_verbs:
            text = f"it sends more than {self._terms.most_verbs} verbs"
            return playing.ended(_placed(Reason.TOO_MANY_VERBS, text, verb))
        outcome = _NOTHING_AFFORDABLE
        before = replay.spent
        try:
            outcome = replay.perform(verb)
        except BudgetSpent:
            pass
        except (Inadmissible, NotProbed) as refusal:
            return playing.ended(_placed(Reason.INADMISSIBLE, str(refusal), verb))
        if self._load.counting and verb.origin is not None and replay.spent > before:
            playing.tokens[verb.origin.line] += replay.spent - before
        if replay.ended:
            return playing.ended()
        playing.rounds += outcome is not _NOTHING_AFFORDABLE
        playing.order = _next_order(playing.index, replay, outcome)
        return None


def _next_order(key: int, replay: Replay, outcome: Outcome) -> Order:
    """Return the order that lets an episode continue after a verb.

    Args:
        key: The episode's key.
        replay: Its replay, which has performed the verb.
        outcome: The outcome of the verb.
    """
    states: tuple[msgspec.Raw, ...] = ()
    if isinstance(replay, LeanReplay):
        if replay.last_columns is not None and not outcome.exhausted:
            return ContinueEpisode(key, replay.spent, replay.last_columns)
        if outcome.branches:
            states = replay.last_states
    else:
        views = replay.episode.branches
        states = tuple([encode_branch(views[index]) for index in outcome.branches])
    return resume_episode(key, exhausted=outcome.exhausted, spent=replay.spent, views=states)


def _lose(
    slot: _WorkerSlot, lost: WorkerLost, suspects: deque[int]
) -> Iterator[WorkerEpisodeResult]:
    """Abandon a worker: an episode that it held alone is to blame, others are played again."""
    playing_episodes, slot.playing = slot.playing, {}
    slot.free()
    if len(playing_episodes) == 1:
        (playing,) = playing_episodes.values()
        yield playing.ended(lost.fault)
    else:
        suspects.extend(playing_episodes)


def _placed(reason: Reason, text: str, verb: AnyVerb) -> Fault:
    origin = verb.origin
    if origin is None:
        return Fault(reason, truncate_text(text))
    return Fault(reason, truncate_text(text), origin.line, origin.column)

"""A pool of warm workers that plays many episodes, each of them held at its next verb.

The books stay here: a worker sends verbs, `harness.mdp.replay.Replay` performs them, and what they
revealed goes back. A worker that dies, hangs or sends what it should not is replaced; the episodes
that it held are begun anew, one at a time, so that the one to blame is found. Episodes have no
effects, so nothing is lost by that.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from dsl.episode import Answer, AnyVerb, BudgetSpent, Inadmissible, Outcome
from dsl.random_draws import EpisodeRandom
from harness.mdp.replay import NotProbed, Replay
from sandbox.faults import ControllerError, Fault, Reason, truncate_text
from sandbox.host.interfaces import WorkerLauncher, WorkerLost
from sandbox.host.worker_client import WorkerClient
from sandbox.python.controller import MOST_TURNS
from sandbox.worker.messages import (
    BeginEpisode,
    DropEpisode,
    EpisodeFault,
    EpisodeMove,
    LoadController,
    NextVerb,
    Order,
    ResumeEpisode,
    encode_branch,
)

_NOTHING_AFFORDABLE = Outcome((), exhausted=True)


class EpisodeLimits(NamedTuple):
    """What an episode may take, besides what its worker may use."""

    most_turns: int = MOST_TURNS
    """Of loops and calls."""
    most_verbs: int = 100_000
    seconds: float = 1.0
    """Of processor time between two verbs."""
    patience: float = 5.0
    """Seconds without a sign of life after which a worker is given up; more than ``seconds``."""
    held: int = 64
    """Episodes that wait side by side in one worker."""


class EpisodeTask(NamedTuple):
    """One episode to be played."""

    begin: Callable[[], Replay]
    """Makes the episode; again, where its worker was lost."""
    beta: float | None = None


class WorkerEpisodeResult(NamedTuple):
    """How an episode ended."""

    place: int
    """The errand's place among those given."""
    replay: Replay
    """Its books."""
    fault: Fault | None
    """Why it did not come to its end, if it did not."""
    last: AnyVerb | None
    """The last verb, where there was one."""
    rounds: int
    """Barriers: verbs that did something."""
    lines: Mapping[int, int]
    """How often each line ran, where that is counted."""
    tokens: Mapping[int, int]
    """What the verbs of each line were charged."""


class _PlayingEpisode:
    """An episode that a worker holds."""

    def __init__(self, place: int, errand: EpisodeTask):
        self.place = place
        self.replay = errand.begin()
        self.last: AnyVerb | None = None
        self.verbs = 0
        self.rounds = 0
        self.lines: Mapping[int, int] = {}
        self.tokens: Counter[int] = Counter()
        episode = self.replay.episode
        state = EpisodeRandom(episode.seed, episode.question).state
        self.order: Order = BeginEpisode(
            place, episode.interval, episode.limit, episode.budget, state, errand.beta
        )

    def ended(self, fault: Fault | None = None) -> WorkerEpisodeResult:
        return WorkerEpisodeResult(
            self.place, self.replay, fault, self.last, self.rounds, self.lines, self.tokens
        )


class _WorkerSlot:
    """A worker's place in the pool, and the episodes that it holds."""

    def __init__(self) -> None:
        self.worker: WorkerClient | None = None
        self.held: dict[int, _PlayingEpisode] = {}
        self.dropped: list[int] = []
        self.alone = False
        """It holds one episode, which may be the one that its last worker was lost by."""
        self.asked = False

    def orders(self) -> tuple[Order, ...]:
        """What is to be done next."""
        dropped, self.dropped = [DropEpisode(key) for key in self.dropped], []
        return (*dropped, *(playing.order for playing in self.held.values()))

    def free(self) -> None:
        """Ends the worker."""
        worker, self.worker = self.worker, None
        self.dropped = []
        self.asked = False
        if worker is not None:
            worker.end()


class WorkerPool:
    """Workers that are started once and play one controller after the other.

    Args:
        place: where they run.
        text: the controller.
        workers: how many.
        terms: what an episode may take.
        counting: whether it is counted how often its lines run.

    Raises:
        ExternalError: no worker can be started.
        ControllerError: the policy does not admit the controller, or loading it fails.
        WorkerLost: a worker fails before it is ready.
    """

    def __init__(
        self,
        place: WorkerLauncher,
        text: str,
        *,
        workers: int = 1,
        terms: EpisodeLimits = EpisodeLimits(),  # noqa: B008 - it is immutable
        counting: bool = False,
    ):
        self._place = place
        self._terms = terms
        self._load = LoadController(text, terms.most_turns, terms.seconds, counting)
        self._seats = [_WorkerSlot() for _ in range(max(1, workers))]
        self._seats[0].worker = self._started()
        self._most = 1
        """Episodes that a worker holds for now: a controller that fails at once fails alone."""

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends all workers."""
        for seat in self._seats:
            seat.free()

    def play(self, errands: Sequence[EpisodeTask]) -> Iterator[WorkerEpisodeResult]:
        """Plays episodes; yields each as it ends, in no order to rely on.

        Raises:
            ExternalError: a worker was lost and cannot be replaced.
        """
        fresh = deque(range(len(errands)))
        suspects: deque[int] = deque()
        while fresh or suspects or any(seat.held for seat in self._seats):
            # All are asked before any is waited for, so that they work side by side.
            for turn in (self._ask, self._settle):
                for seat in self._seats:
                    self._fill(seat, errands, fresh, suspects)
                    try:
                        yield from turn(seat)
                    except WorkerLost as lost:
                        yield from _lose(seat, lost, suspects)

    def _started(self) -> WorkerClient:
        worker = WorkerClient(self._place, self._load, self._terms.patience)
        if worker.findings:
            worker.end()
            raise ControllerError(worker.findings[0])
        return worker

    def _fill(
        self,
        seat: _WorkerSlot,
        errands: Sequence[EpisodeTask],
        fresh: deque[int],
        suspects: deque[int],
    ) -> None:
        """Gives a worker as many episodes as it may hold; a suspect is held alone."""
        if seat.asked or (seat.held and seat.alone):
            return
        seat.alone = bool(suspects) and not seat.held
        source, most = (suspects, 1) if seat.alone else (fresh, self._most)
        while source and len(seat.held) < most:
            place = source.popleft()
            seat.held[place] = _PlayingEpisode(place, errands[place])

    def _ask(self, seat: _WorkerSlot) -> Iterator[WorkerEpisodeResult]:
        """Sends a worker on its way; yields nothing."""
        if not seat.held:
            return
        if seat.worker is None:
            seat.worker = self._started()
        seat.worker.ask(seat.orders())
        seat.asked = True
        yield from ()

    def _settle(self, seat: _WorkerSlot) -> Iterator[WorkerEpisodeResult]:
        """Performs the verbs that a worker answers with."""
        if seat.worker is None or not seat.asked:
            return
        for move in seat.worker.answered():
            playing = seat.held[move.key]
            ended = self._enter(playing, move)
            if ended is None:
                continue
            del seat.held[move.key]
            if isinstance(move, NextVerb) and not isinstance(move.verb, Answer):
                seat.dropped.append(move.key)
            yield ended
        seat.asked = False
        self._most = min(2 * self._most, self._terms.held)

    def _enter(self, playing: _PlayingEpisode, move: EpisodeMove) -> WorkerEpisodeResult | None:
        """Performs one verb; gives how the episode ended, if it did."""
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
        if verb.origin is not None and replay.spent > before:
            playing.tokens[verb.origin.line] += replay.spent - before
        if replay.ended:
            return playing.ended()
        playing.rounds += outcome is not _NOTHING_AFFORDABLE
        branches = replay.episode.branches
        playing.order = ResumeEpisode(
            playing.place,
            outcome.exhausted,
            replay.spent,
            replay.sequential,
            tuple(encode_branch(branches[index]) for index in outcome.branches),
        )
        return None


def _lose(
    seat: _WorkerSlot, lost: WorkerLost, suspects: deque[int]
) -> Iterator[WorkerEpisodeResult]:
    """Gives a worker up: an episode that it held alone is to blame, others are played again."""
    held, seat.held = seat.held, {}
    seat.free()
    if len(held) == 1:
        (playing,) = held.values()
        yield playing.ended(lost.fault)
    else:
        suspects.extend(held)


def _placed(reason: Reason, text: str, verb: AnyVerb) -> Fault:
    origin = verb.origin
    if origin is None:
        return Fault(reason, truncate_text(text))
    return Fault(reason, truncate_text(text), origin.line, origin.column)

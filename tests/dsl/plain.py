"""Plain-Python controllers under the rules that Rheo gives its programs for nothing.

`Ruled` plays one so that counts are clipped to the branches that are left and a spent budget leads
to its ending. `told` plays any controller and tells the whole episode, ready to be compared.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from dsl.episode import Answer, AnyVerb, Controller, Episode, Open, Outcome, Sample, VerbGenerator
from harness.mdp.ledger import Action, BarrierRecord
from harness.mdp.playback import play_episode
from harness.mdp.replay import BranchPool, Replay


class Plain(Controller, Protocol):
    """A controller in Python that says what it answers where the budget ends inside a verb."""

    def ending(self, episode: Episode) -> str | None:
        """What `finally` would answer."""
        ...


class Ruled:
    """A plain controller under the rules of the language."""

    def __init__(self, controller: Controller, ending: Callable[[Episode], str | None]):
        self.controller = controller
        self.ending = ending
        self.name = controller.name

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        course = self.controller.play(episode, beta)
        verb = next(course, None)
        while verb is not None:
            outcome = Outcome((), exhausted=False)
            clipped = _clipped(verb, episode)
            if clipped is not None:
                outcome = yield clipped
            if outcome.exhausted:
                course.close()
                yield Answer(answer=self.ending(episode))
                return
            verb = _answer_to(course, outcome)


def _answer_to(course: VerbGenerator, outcome: Outcome) -> AnyVerb | None:
    try:
        return course.send(outcome)
    except StopIteration:
        return None


def _clipped(verb: AnyVerb, episode: Episode) -> AnyVerb | None:
    if not isinstance(verb, Open | Sample):
        return verb
    count = min(verb.count, episode.available)
    return msgspec.structs.replace(verb, count=count) if count > 0 else None


class Surroundings(NamedTuple):
    """What an episode is played in."""

    seed: int = 0
    question: int = 0
    budget: int | None = None
    probe_cost: int = 0
    beta: float | None = None


class Told(NamedTuple):
    """A whole episode, but for the places and reasons that a program gives."""

    answer: str | None
    tokens: int
    sequential: int
    barriers: Sequence[tuple[AnyVerb, tuple[Action, ...], bool]]


def told(controller: Controller, branch_pool: BranchPool, where: Surroundings) -> Told:
    """Plays one episode and tells all of it."""
    trace: list[BarrierRecord] = []
    replay = Replay(
        branch_pool,
        seed=where.seed,
        question=where.question,
        budget=where.budget,
        probe_cost=where.probe_cost,
        trace=trace,
    )
    played = play_episode(controller, replay, where.beta)
    bare = [(_bare(barrier.verb), barrier.actions, barrier.exhausted) for barrier in trace]
    return Told(played.answer, played.tokens, played.sequential, bare)


def _bare(verb: AnyVerb) -> AnyVerb:
    """A verb without the places and reasons that a program gives."""
    if isinstance(verb, Answer):
        return Answer(answer=verb.answer)
    return msgspec.structs.replace(verb, origin=None, because=None)


def majority(answers: Sequence[str | None]) -> str | None:
    """The most frequent answer of those that there are; the first seen wins a tie."""
    seen = [answer for answer in answers if answer is not None]
    return max(seen, key=seen.count, default=None)


def answers_of(episode: Episode, branches: Sequence[int]) -> list[str | None]:
    """The latest revealed answer of each branch."""
    return [episode.branches[branch].answer for branch in branches]


def alive(episode: Episode) -> list[int]:
    """The branches that are not pruned, in opening order."""
    return [view.index for view in episode.branches if view.index not in episode.pruned]


def finished_else_alive(episode: Episode) -> str | None:
    """`winner(finished) else winner(alive)`."""
    first = majority(answers_of(episode, episode.finished))
    return first if first is not None else majority(answers_of(episode, alive(episode)))

"""Plain-Python controllers under the rules that Rheo gives its programs for nothing.

`Ruled` plays one so that counts are clipped to the branches that are left and a spent budget leads
to its ending. `told` plays any controller and tells the whole episode, ready to be compared.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from dsl.episode import Answer, AnyVerb, Controller, Course, Episode, Open, Outcome, Sample
from harness.mdp.evaluate import play
from harness.mdp.replay import Deck, Replay
from harness.mdp.trace import Action, Barrier


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

    def play(self, episode: Episode, beta: float | None) -> Course:
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


def _answer_to(course: Course, outcome: Outcome) -> AnyVerb | None:
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


def told(controller: Controller, deck: Deck, where: Surroundings) -> Told:
    """Plays one episode and tells all of it."""
    trace: list[Barrier] = []
    replay = Replay(
        deck,
        seed=where.seed,
        question=where.question,
        budget=where.budget,
        probe_cost=where.probe_cost,
        trace=trace,
    )
    played = play(controller, replay, where.beta)
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

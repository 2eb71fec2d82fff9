"""Nothing that a controller holds leads to a gold answer or to what has not been revealed.

The crawl follows what data is made of: attributes, slots, items, closures, bound objects, causes
and contexts of exceptions and the frames of their tracebacks. It does not follow modules, classes,
a function's globals, the frame of a running generator, or the callers of a frame: those belong to
the interpreter, reach every object in the process, and are kept from a controller by the sandbox,
not by the seam.
"""

import gc
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import (
    BuiltinMethodType,
    CodeType,
    FrameType,
    FunctionType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    TracebackType,
)
from typing import cast

import pytest

from dsl.episode import (
    Advance,
    Answer,
    AnyVerb,
    Episode,
    Inadmissible,
    Open,
    Probe,
    Prune,
    Sample,
    VerbGenerator,
)
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.playback import play_episode
from harness.mdp.replay import BranchPool, Replay, ReplayChain
from tests.harness.controller_figures import play_controller

GOLD = "gold-answer-on-the-scoring-side"
HIDDEN = "hidden"
INTERPRETER = (ModuleType, type, CodeType)
BOUND = (BuiltinMethodType, MethodType, MethodWrapperType)


def reachable(*roots: object) -> Iterator[object]:
    """Everything that can be come to from ``roots`` without calling a function."""
    stack = list(roots)
    seen: dict[int, object] = {}
    while stack:
        value = stack.pop()
        if id(value) in seen or isinstance(value, INTERPRETER):
            continue
        seen[id(value)] = value
        yield value
        stack += parts(value)


def parts(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, FrameType):
        return list(value.f_locals.values())
    if isinstance(value, TracebackType):
        return [value.tb_frame, value.tb_next]
    if isinstance(value, FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        return [*cells, value.__defaults__, value.__kwdefaults__, value.__dict__]
    if isinstance(value, BOUND):  # its own methods are bound to it in turn, without end
        return [value.__self__, getattr(value, "__func__", None)]
    if isinstance(value, str | bytes | int | float | None):
        return []
    result = []
    for name in dir(value):
        if name in ("gi_frame", "__globals__", "__builtins__"):
            continue
        try:
            result.append(getattr(value, name))
        except AttributeError:  # a slot that was never filled
            continue
    return result


def words(*roots: object) -> set[str]:
    return {value for value in reachable(*roots) if isinstance(value, str)}


def secrets(*roots: object) -> set[str]:
    return {word for word in words(*roots) if HIDDEN in word or GOLD in word}


def branch_pool() -> BranchPool:
    """Every answer is told apart: by chain and by depth."""
    return BranchPool(
        [
            ReplayChain(
                [f"{HIDDEN}-{chain}-{depth}" for depth in range(4)], 450, f"{HIDDEN}-{chain}-end"
            )
            for chain in range(5)
        ],
        100,
    )


@dataclass
class Snoop:
    """Keeps everything that it is ever given, and everything that is raised in it."""

    verbs: list[AnyVerb]
    loot: list[object] = field(default_factory=list)
    name: str = "snoop"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        self.loot += [episode, beta]
        for verb in self.verbs:
            try:
                self.loot.append((yield verb))
            except BaseException as raised:
                self.loot.append(raised.__context__)
                self.loot.append(raised.__cause__)
                self.loot.append(own_frames_removed(raised))
                raise
        yield Answer(answer=None)


def own_frames_removed(raised: BaseException) -> list[FrameType]:
    """The frames of the raised exception, save the one that caught it."""
    return [frame for frame, _ in traceback.walk_tb(raised.__traceback__)][1:]


def shown(episode: Episode) -> set[str]:
    return {view.answer for view in episode.branches if view.answer is not None}


def test_the_object_crawl_finds_reachable_secrets() -> None:
    replay = Replay(branch_pool(), seed=0)
    assert len(secrets(replay)) == 25
    assert len(secrets(lambda: replay)) == 25
    with pytest.raises(Inadmissible) as caught:
        replay.perform(Prune(branches=(0,)))
    # Why no exception of the reasoner may come to the controller: its frames hold the replay.
    assert len(secrets(*own_frames_removed(caught.value))) == 25


def test_an_episode_references_only_revealed_answers() -> None:
    replay = Replay(branch_pool(), seed=0)
    episode = replay.episode
    assert secrets(episode) == set()
    revealed: set[str] = set()
    for verb in (
        Open(count=2),
        Advance(branches=(1,), bursts=(2,), look=False),
        Sample(count=1),
        Probe(branches=(1,)),
        Advance(branches=(0,), bursts=(9,)),
    ):
        outcome = replay.perform(verb)
        revealed |= shown(episode)
        assert secrets(episode, outcome) <= revealed
    assert secrets(episode) == shown(episode)
    assert len(shown(episode)) == 3


REFUSED = Advance(branches=(4,), bursts=(1,))


@pytest.mark.parametrize(
    "verbs",
    [
        [Open(count=1)],
        [Open(count=1), REFUSED],
        [Sample(count=1), Open(count=99)],
        [Open(count=1), cast("AnyVerb", "no verb")],
        [Answer(answer=None), Open(count=1)],
    ],
    ids=["answers", "refused", "too many", "junk", "goes on"],
)
@pytest.mark.parametrize("budget", [None, 100, 250])
def test_a_controller_receives_nothing_else_however_its_episode_ends(
    verbs: list[AnyVerb], budget: int | None
) -> None:
    snoop = Snoop(verbs)
    replay = Replay(branch_pool(), seed=1, budget=budget)
    with suppress(Inadmissible):
        play_episode(snoop, replay)
    assert snoop.loot
    assert secrets(*snoop.loot) <= shown(replay.episode)


def test_a_refused_controller_cannot_see_the_refusal() -> None:
    snoop = Snoop([Open(count=1), REFUSED])
    with pytest.raises(Inadmissible):
        play_episode(snoop, Replay(branch_pool(), seed=1))
    context, cause, frames = snoop.loot[-3:]
    assert (context, cause, frames) == (None, None, [])


def test_gold_answers_are_out_of_reach_in_an_evaluation() -> None:
    snoop = Snoop([Sample(count=5)])
    play_controller(
        snoop, ReplayEnvironment([branch_pool(), branch_pool()], [GOLD, GOLD]), seeds=range(2)
    )
    result = secrets(*snoop.loot)
    assert GOLD not in result
    assert result == {f"{HIDDEN}-{chain}-end" for chain in range(5)}


def test_a_played_episode_leaves_no_references() -> None:
    replay = Replay(branch_pool(), seed=0)
    play_episode(Snoop([Open(count=1)]), replay)
    episode = replay.episode
    del replay
    gc.collect()
    assert not [held for held in gc.get_referrers(episode) if isinstance(held, Replay)]

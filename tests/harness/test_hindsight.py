"""What hindsight shows, by examples and against a reckoning of its definitions made otherwise."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import library
from dsl.checker import CheckedProgram
from dsl.episode import Status
from dsl.interpreter import Interpreter
from dsl.program import load_checked_program
from dsl.source import Source
from harness.engines import ControllerSetting, EpisodeRules
from harness.engines.compiled import CompiledEngine
from harness.engines.interpreter import InterpreterEngine
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.hindsight import Hindsight, analyse_hindsight, empty_hindsight, sum_hindsight
from harness.mdp.ledger import BarrierRecord
from harness.mdp.playback import play_episode
from harness.mdp.replay import BranchPool, Replay, ReplayChain
from tests.dsl.generated_recordings import branch_pools, episode_settings
from tests.dsl.plain import EpisodeSetting

MIXED = """
controller mixed {
  start { open 3  open 2 unseen }
  step at most 12 {
    extend active where .index == 4
    advance (active where .index < 4 by -.depth) for 2
    if steps > 2 { prune first 1 of (active where .answer != winner(alive)) }
    if confidence(finished) > 0.9 { stop because "sure" }
    if steps == 3 { sample 1 }
  }
  finally { answer winner(finished) else winner(alive) }
}
"""
PROGRAMS: dict[str, CheckedProgram] = {
    **{
        name: load_checked_program(library.load_source(name))
        for name in library.NAMES
        if not library.load_entry(name).needs
    },
    "mixed": load_checked_program(Source(MIXED)),
}


class Seen:
    """One episode as it went."""

    def __init__(self, checked: CheckedProgram, branch_pool: BranchPool, setting: EpisodeSetting):
        self.trace: list[BarrierRecord] = []
        self.replay = Replay(
            branch_pool, seed=setting.seed, question=setting.question, budget=setting.budget,
            probe_cost=setting.probe_cost, trace=self.trace,
        )  # fmt: skip
        self.answer = play_episode(Interpreter(checked), self.replay, setting.beta).answer

    @property
    def hindsight(self) -> Hindsight:
        return analyse_hindsight(self.trace, self.answer)

    def leaders(self) -> list[str | None]:
        """The leader after each barrier, from the whole trace up to there each time."""
        return [leader(self.trace[: end + 1]) for end in range(len(self.trace))]


def leader(trace: Sequence[BarrierRecord]) -> str | None:
    actions = [action for barrier in trace for action in barrier.actions]
    pruned = {action.branch for action in actions if action.kind.value == "PRUNE"}
    opened = sorted({a.branch for a in actions if a.branch is not None} - pruned)
    latest = []
    for branch in opened:
        answers = [a.answer for a in actions if a.branch == branch and a.answer is not None]
        latest += answers[-1:]
    return Counter(latest).most_common(1)[0][0] if latest else None


@pytest.mark.parametrize("name", PROGRAMS)
@given(branch_pools(branches=12, longest=12), episode_settings(beta=True))
@settings(max_examples=25, deadline=None)
def test_every_token_is_on_a_branch_of_one_kind(
    name: str, branch_pool: BranchPool, setting: EpisodeSetting
) -> None:
    seen = Seen(PROGRAMS[name], branch_pool, setting)
    result = seen.hindsight
    spent: dict[str, int] = dict.fromkeys(("pruned", "silent", "against", "agreeing"), 0)
    for view in seen.replay.episode.branches:
        probes = sum(
            action.charge
            for barrier in seen.trace
            for action in barrier.actions
            if action.branch == view.index and action.kind.value == "PROBE"
        )
        if view.status is Status.PRUNED:
            kind = "pruned"
        elif view.answer is None:
            kind = "silent"
        else:
            kind = "agreeing" if view.answer == seen.answer else "against"
        spent[kind] += view.tokens + probes
    assert result.tokens == seen.replay.spent == sum(spent.values())
    assert (result.pruned, result.silent, result.agreeing) == (
        spent["pruned"], spent["silent"], spent["agreeing"],
    )  # fmt: skip
    assert result.uncounted == spent["silent"] + spent["against"]


@pytest.mark.parametrize("name", PROGRAMS)
@given(branch_pools(branches=12, longest=12), episode_settings(beta=True))
@settings(max_examples=25, deadline=None)
def test_the_leader_is_settled_where_it_never_changes_again(
    name: str, branch_pool: BranchPool, setting: EpisodeSetting
) -> None:
    seen = Seen(PROGRAMS[name], branch_pool, setting)
    result, leaders = seen.hindsight, seen.leaders()
    places = [
        place
        for place in range(len(leaders))
        if seen.answer is not None and set(leaders[place:]) == {seen.answer}
    ]
    assert result.settled == bool(places)
    after = seen.trace[places[0] + 1 :] if places else []
    charges = [action.charge for barrier in after for action in barrier.actions]
    assert result.after_settled == sum(charges)


@given(st.lists(st.lists(st.integers(0, 9), min_size=8, max_size=8), max_size=4))
def test_hindsight_of_several_is_their_sum(rows: list[list[int]]) -> None:
    names = Hindsight.__struct_fields__
    parts = [Hindsight(**dict(zip(names, row, strict=True))) for row in rows]
    total = sum_hindsight(parts)
    for place, name in enumerate(names):
        assert getattr(total, name) == sum(row[place] for row in rows)


@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1, max_size=4))
def test_arrays_hold_the_hindsight_of_each_episode(rows: list[list[int]]) -> None:
    parts = [
        Hindsight(
            episodes=1, tokens=2 * charge + wasted, settled=charge % 2, after_settled=after,
            pruned=charge, uncounted=wasted, silent=min(after, wasted), agreeing=charge,
        )
        for charge, wasted, after in rows
    ]  # fmt: skip
    arrays = empty_hindsight(len(parts), 1)
    for question, part in enumerate(parts):
        arrays.enter((question, 0), part)
    assert [arrays.at((question, 0)) for question in range(len(parts))] == parts
    assert arrays.total() == sum_hindsight(parts)


def chain(*probes: str) -> ReplayChain:
    """A chain that ends with its last probe, in intervals of 10 tokens."""
    return ReplayChain(probes, 10 * len(probes) + 5, probes[-1])


def played(text: str, *chains: ReplayChain, budget: int | None = None) -> Hindsight:
    """The hindsight of an episode, on which both engines agree."""
    checked, branch_pool = load_checked_program(Source(text)), BranchPool(chains, 10)
    result = Seen(checked, branch_pool, EpisodeSetting(budget=budget)).hindsight
    for engine in (InterpreterEngine(), CompiledEngine(threads=1)):
        arrays = empty_hindsight(1, 1)
        engine.play(
            checked, ControllerSetting(), ReplayEnvironment([branch_pool], ["7"]), [0],
            EpisodeRules(budget), hindsight=arrays,
        )  # fmt: skip
        assert arrays.total() == result, type(engine)
    return result


def test_pruned_dissenting_and_silent_branches_are_counted_separately() -> None:
    text = """
    controller c {
      start { open 2  open 1 unseen  prune first 1 of active }
      finally { answer winner(alive) }
    }
    """
    result = played(text, chain("7", "7"), chain("7", "7"), chain("7", "7"))
    assert result == Hindsight(
        episodes=1, tokens=30, settled=1, after_settled=10,
        pruned=10, uncounted=10, silent=10, agreeing=10,
    )  # fmt: skip


def test_an_answer_that_does_not_lead_is_never_settled() -> None:
    text = 'controller c { start { open 2 } finally { answer "42" } }'
    result = played(text, chain("7", "7"), chain("7", "7"))
    assert (result.settled, result.after_settled, result.uncounted, result.agreeing) == (
        0,
        0,
        20,
        0,
    )


def test_an_episode_without_an_answer_is_never_settled() -> None:
    text = "controller c { start { open 2  answer winner(alive) } finally { answer none } }"
    result = played(text, chain("7"), chain("7"), budget=10)
    assert (result.settled, result.tokens, result.uncounted) == (0, 10, 10)


def test_branches_without_an_answer_do_not_agree_with_an_episode_without_one() -> None:
    text = "controller c { start { open 2 unseen } finally { answer none } }"
    result = played(text, chain("7", "7"), chain("7", "7"))
    assert result == Hindsight(
        episodes=1, tokens=20, settled=0, after_settled=0,
        pruned=0, uncounted=20, silent=20, agreeing=0,
    )  # fmt: skip


def test_pruned_branches_do_not_decide_a_tie() -> None:
    text = """
    controller c {
      start { open 3 }
      step at most 1 { prune first 1 of active }
      finally { answer winner(alive) }
    }
    """
    # Where the two that are left differ, the first of them leads, whatever the pruned one gave.
    for place in range(3):
        chains = [chain("7", "7"), chain("7", "7")]
        chains.insert(place, chain("9", "9"))
        result = played(text, *chains)
        assert (result.settled, result.pruned) == (1, 10)


def test_a_leader_that_changes_back_is_settled_after_that() -> None:
    text = """
    controller c {
      start { open 1 }
      step { advance active }
      finally { answer winner(alive) }
    }
    """
    result = played(text, chain("7", "9", "7", "7", "7"))
    # Settled behind the third interval: two more, and the last stretch.
    assert (result.settled, result.after_settled, result.tokens) == (1, 25, 55)

"""What an observer of the interpreter is shown, and that it changes nothing."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings

from dsl import library
from dsl.interpreter import Interpreter
from dsl.interpreter.snapshot import Snapshot
from dsl.program import load_checked_program
from dsl.source import Source
from harness.mdp.playback import play_episode
from harness.mdp.replay import BranchPool, Replay, ReplayChain
from tests.dsl.generated_recordings import branch_pools, episode_settings
from tests.dsl.plain import EpisodeSetting
from tests.dsl.recorded_episodes import record_episode

NAMES = [name for name in library.NAMES if not library.load_entry(name).needs]

DECK = BranchPool([ReplayChain(("7", "7", "9"), 35, "9") for _ in range(4)], 10)

PROGRAM = """
controller watched {
  knobs { n = 2 in 1..4 }
  memory { best = none  seen = 0  trend = window(2) }
  each branch { .times = 0 }
  start { let first_ones = open n }
  step at most 2 {
    let before = seen
    seen = seen + 1
    push seen onto trend
    if seen == 1 {
      let group = active
      advance group
    } else {
      let rest = opened
      update rest { let more = .times + 1  .times = more }
      prune first 1 of active
    }
    let fresh = open 1
    advance fresh
  }
  finally { answer winner(alive) }
}
"""


def watched(text: str, watch: Callable[[Snapshot], None], budget: int | None = None) -> None:
    replay = Replay(DECK, seed=0, budget=budget)
    play_episode(Interpreter(load_checked_program(Source(text)), watch=watch), replay)
    assert replay.ended


def test_memory_is_shown_before_each_verb() -> None:
    shown: list[Snapshot] = []
    watched(PROGRAM, shown.append)
    assert [(snapshot.section, snapshot.steps) for snapshot in shown] == [
        ("start", 0),
        *[("step", 0)] * 3,
        *[("step", 1)] * 3,
        ("finally", 2),
    ]
    assert [snapshot.cells["seen"] for snapshot in shown] == [0, 1, 1, 1, 2, 2, 2, 2]
    assert [snapshot.windows["trend"] for snapshot in shown] == [
        (), (1.0,), (1.0,), (1.0,), (1.0, 2.0), (1.0, 2.0), (1.0, 2.0), (1.0, 2.0),
    ]  # fmt: skip
    assert [snapshot.fields[".times"] for snapshot in shown] == [
        (), (0, 0), (0, 0), (0, 0, 0), (1, 1, 1), (1, 1, 1), (1, 1, 1, 0), (1, 1, 1, 0),
    ]  # fmt: skip
    assert all(snapshot.cells["best"] is None and snapshot.knobs == {"n": 2} for snapshot in shown)


def test_a_let_is_shown_where_it_can_be_read() -> None:
    shown: list[Snapshot] = []
    watched(PROGRAM, shown.append)
    assert [snapshot.lets for snapshot in shown] == [
        {},
        {"before": 0, "group": (0, 1)},
        {"before": 0},
        {"before": 0, "fresh": (2,)},
        {"before": 1, "rest": (0, 1, 2)},
        {"before": 1},
        {"before": 1, "fresh": (3,)},
        {},
    ]


def test_a_budget_that_ends_in_start_leads_to_finally() -> None:
    shown: list[Snapshot] = []
    text = "controller short { start { open 3  answer winner(alive) } finally { answer none } }"
    watched(text, shown.append, budget=20)
    assert [snapshot.section for snapshot in shown] == ["start", "finally"]


def test_a_snapshot_is_a_copy() -> None:
    shown: list[Snapshot] = []

    def tamper(memory: Snapshot) -> None:
        shown.append(memory)
        for part in memory[2:]:
            assert isinstance(part, dict)
            part.clear()

    plain: list[Snapshot] = []
    watched(PROGRAM, tamper)
    watched(PROGRAM, plain.append)
    assert len(shown) > 1
    assert all(snapshot[2:] == ({}, {}, {}, {}, {}, {}) for snapshot in shown)
    assert [snapshot[:2] for snapshot in shown] == [snapshot[:2] for snapshot in plain]


@pytest.mark.parametrize("name", NAMES)
@given(branch_pools(), episode_settings(beta=True))
@settings(max_examples=20, deadline=None)
def test_watching_changes_nothing(
    name: str, branch_pool: BranchPool, setting: EpisodeSetting
) -> None:
    checked = load_checked_program(library.load_source(name))
    shown: list[Snapshot] = []
    alone = record_episode(Interpreter(checked), branch_pool, setting)
    assert record_episode(Interpreter(checked, watch=shown.append), branch_pool, setting) == alone
    # One more where the budget rejected a verb, which then is no barrier.
    assert len(shown) - len(alone.barriers) in (0, 1)


@given(branch_pools(), episode_settings(beta=True))
@settings(max_examples=50, deadline=None)
def test_memory_fits_the_episode(branch_pool: BranchPool, setting: EpisodeSetting) -> None:
    shown: list[Snapshot] = []
    record_episode(
        Interpreter(load_checked_program(library.load_source("cmc")), watch=shown.append),
        branch_pool,
        setting,
    )
    span = int(shown[0].knobs["span"])
    opened = [len(snapshot.fields[".dissent"]) for snapshot in shown]
    assert opened == sorted(opened)
    assert opened[-1] <= len(branch_pool.chains)
    assert all(len(snapshot.windows["trend"]) <= span for snapshot in shown)
    assert [snapshot.steps for snapshot in shown] == sorted(snapshot.steps for snapshot in shown)

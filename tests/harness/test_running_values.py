"""Running values are the same however a branch gets through its intervals."""

from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.episode import Advance, Episode, Open, Probe, Sample
from dsl.interpreter import Interpreter
from dsl.interpreter.frame import Value
from dsl.interpreter.snapshot import Snapshot
from dsl.program import load_checked_program
from dsl.source import Source
from harness.engines import ControllerSetting
from harness.engines.catalog import get_engine
from harness.errors import InputError
from harness.mdp.playback import play_episode
from harness.mdp.replay import BranchPool, Replay, ReplayChain
from tests.harness.random_environments import random_world

LINES = """
    .recent = window(3) of .logprob - .top_logprob
    .other  = window(2) of if .depth % 2 == 0 then .depth else newest(.recent)
    .low    = 1e9 then min(.low, mean(.recent))
    .spread = 0.0 then max(.spread, max(.other) - min(.other) + variance(.recent))
    .values = 0 then if .top_logprob < 0 then .values + 1 else .values
    .passed = 0 then .passed + 1
    .ended  = false then .finished
    .before = 0.0 then .logprob
    .sure   = 0.0 then 0.5 * .sure + .certainty
    .both   = window(2) of .certainty * .logprob
"""
READ = (
    "sum(.low + .spread + .values + .passed + .before + .sure + sum(.both)"
    " + (if .ended then 1 else 0) of opened) > 0"
)

WAYS = {
    "whole reads": ("sample 9", ""),
    "single steps": ("open 9", "step { advance active }"),
    "unseen steps": ("open 9 unseen", "step { extend active }"),
    "bursts": ("open 9", "step { advance active by -.index for 1 + .index % 3 }"),
    "one burst": ("open 9 unseen extend active for 1000", ""),
    "one by one": ("open 9", "step at most 999 { advance first 1 of active }"),
}


def played(program: str, pool: BranchPool) -> Mapping[str, tuple[Value, ...]]:
    """Every field of every branch at the end of an episode."""
    seen: list[Snapshot] = []
    interpreter = Interpreter(load_checked_program(Source(program)), {}, watch=seen.append)
    play_episode(interpreter, Replay(pool, seed=3), 0.0)
    return seen[-1].fields


def program(start: str, step: str, lines: str = LINES, read: str = READ) -> str:
    """A program that opens every branch and takes it to its end."""
    return (
        "needs logprob, top_logprob, certainty\n"
        f"controller c {{ each branch {{ {lines} }} start {{ {start} }} {step}"
        f' finally {{ answer if {read} then "1" else "2" }} }}'
    )


@settings(deadline=None)
@given(st.integers(0, 1 << 32), st.sampled_from(sorted(WAYS)))
def test_running_values_do_not_depend_on_the_verbs_that_read_a_branch(
    number: int, way: str
) -> None:
    pool = random_world(Random(number).randrange).branch_pools[0]
    expected = played(program(*WAYS["whole reads"]), pool)
    assert played(program(*WAYS[way]), pool) == expected


UPDATED = """
    .low = 1e9
    .total = 0.0
    .code = 0
    .done = 0
"""
SAME = """
    .low = 1e9 then min(.low, .logprob)
    .total = 0.0 then .total * 0.5 + .top_logprob
    .code = 0 then 3 * .code + .depth + .index
    .done = 0 then .depth
"""
UPDATE = """update alive where .depth > .done {
    .low = min(.low, .logprob)
    .total = .total * 0.5 + .top_logprob
    .code = 3 * .code + .depth + .index
    .done = .depth
}"""


@settings(deadline=None)
@given(st.integers(0, 1 << 32))
def test_a_running_value_is_what_an_update_after_every_interval_makes(number: int) -> None:
    random = Random(number)
    pool = random_world(random.randrange).branch_pools[0]
    complete = [_complete(chain, random) for chain in pool.chains]
    whole = pool._replace(chains=complete)
    read = "sum(.low + .total + .code + .done of opened) > 0"
    by_hand = program(f"open 9 {UPDATE}", f"step {{ extend active {UPDATE} }}", UPDATED, read)
    assert played(program("sample 9", "", SAME, read), whole) == played(by_hand, whole)


def _complete(chain: ReplayChain, random: Random) -> ReplayChain:
    """A chain with a value of every signal at every interval, the last stretch included."""
    count = len(chain.probes) + 1
    return chain._replace(
        logprob=[-random.random() for _ in range(count)],
        top_logprob=[-random.random() for _ in range(count)],
    )


def test_a_controller_is_shown_the_signals_of_intervals_only_up_to_its_depth() -> None:
    chain = ReplayChain(["A", "B", "C"], 350, "C", logprob=[-1.0, -2.0, -3.0, -4.0])
    replay = Replay(BranchPool([chain, chain], 100), seed=0)
    replay.episode.wants_passed = True
    assert passed_by(replay, Open(count=1)) == [(-1.0,)]
    assert passed_by(replay, Advance(branches=(0,), bursts=(1,), look=False)) == [(-1.0, -2.0)]
    assert passed_by(replay, Probe(branches=(0,))) == [(-1.0, -2.0)]
    assert passed_by(replay, Sample(count=1)) == [(-1.0, -2.0), (-1.0, -2.0, -3.0, -4.0)]


@pytest.mark.parametrize(
    ("name", "scope"), [("reward", "branch"), ("p_true", "probe")], ids=["branch", "probe"]
)
@pytest.mark.parametrize("engine", ["compiled", "interpreter"])
def test_a_signal_that_is_not_per_interval_is_refused_in_a_running_value(
    engine: str, name: str, scope: str
) -> None:
    text = (
        f"needs {name} controller c {{ each branch {{ .most = 0.0 then max(.most, .{name}) }}"
        ' start { sample 1 } finally { answer if sum(.most of opened) > 0 then "1" else none } }'
    )
    checked = load_checked_program(Source(text))
    world = random_world(Random(1).randrange)
    with pytest.raises(InputError, match=f"reads `.{name}`, but in .* it is per {scope}"):
        get_engine(engine).play(checked, ControllerSetting(), world, (0,))


@pytest.mark.parametrize("wanted", [True, False])
def test_signals_of_intervals_are_kept_for_a_program_with_running_values_only(
    wanted: bool,
) -> None:
    episode = Episode(interval=100, limit=1)
    text = program(*WAYS["one burst"]) if wanted else "controller c { finally { answer none } }"
    Interpreter(load_checked_program(Source(text))).play(episode, 0.0)
    assert episode.wants_passed is wanted


def test_a_snapshot_holds_the_window_of_each_branch() -> None:
    chains = [
        ReplayChain(["A", "B"], 250, "C", logprob=[-1.0, -2.0, -3.0]),
        ReplayChain([], 50, "C", logprob=[]),
    ]
    text = (
        "needs logprob controller c { each branch { .recent = window(2) of .logprob }"
        ' start { sample 2 } finally { answer if max(mean(.recent) of opened) > 0 then "1" else'
        ' "2" } }'
    )
    seen: list[Snapshot] = []
    interpreter = Interpreter(load_checked_program(Source(text)), {}, watch=seen.append)
    play_episode(interpreter, Replay(BranchPool(chains, 100), seed=1), 0.0)
    windows = [sorted(snapshot.branch_windows[".recent"]) for snapshot in seen]
    assert windows == [[], [(), (-2.0, -3.0)]]
    assert all(snapshot.fields == {} for snapshot in seen)


def passed_by(replay: Replay, verb: Open | Advance | Probe | Sample) -> list[tuple[float, ...]]:
    replay.perform(verb)
    return [tuple(view.passed["logprob"]) for view in replay.episode.branches]

"""The compiled engine from outside: threads, rules, wide answers, long windows, unmet needs."""

import gc
import threading
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest

from dsl import library
from dsl.checker import CheckedProgram
from dsl.compiler.kernels import translate_shared
from dsl.compiler.native import LoadedKernels, Tier, compile_text
from dsl.compiler.objects import ObjectCache
from dsl.compiler.translation import Variant, translate_program
from dsl.program import load_checked_program
from dsl.schedule import SettingsError
from dsl.source import Source
from harness.engines import ControllerSetting, EpisodeRules, ReplayEngine, empty_counts
from harness.engines.catalog import ENGINE_NAMES, get_engine
from harness.engines.compiled import CompiledEngine
from harness.engines.dense import DenseQuestions
from harness.engines.interpreter import InterpreterEngine
from harness.errors import InputError
from harness.mdp.admission import NotProbed
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.episodes import EpisodeArrays
from harness.mdp.hindsight import empty_hindsight
from harness.mdp.replay import BranchPool, ReplayChain
from tests.dsl.typed_programs import seeded_program
from tests.harness.random_environments import random_world

FIRST = """controller plain {
  start { open 2 }
  step { advance active }
  finally { answer winner(finished) else winner(alive) }
}"""


def checked(text: str) -> CheckedProgram:
    return load_checked_program(Source(text))


def compiled(threads: int = 1) -> CompiledEngine:
    return CompiledEngine(ObjectCache(), threads)


def a_world(seed: int, *, signals: bool = True) -> ReplayEnvironment:
    return random_world(Random(seed).randrange, signals=signals)


def same(one: EpisodeArrays, other: EpisodeArrays) -> None:
    for name, values in one._asdict().items():
        np.testing.assert_array_equal(getattr(other, name), values, name)


PLAYER = CompiledEngine(ObjectCache(), threads=1)


def both(
    text: str,
    replay_environment: ReplayEnvironment,
    rules: EpisodeRules = EpisodeRules(),  # noqa: B008 - it is immutable
) -> EpisodeArrays:
    """Play by both engines and give what they agree on."""
    program = checked(text)
    result = PLAYER.play(program, ControllerSetting(), replay_environment, range(4), rules)
    same(
        InterpreterEngine().play(program, ControllerSetting(), replay_environment, range(4), rules),
        result,
    )
    return result


def test_programs_find_the_shared_kernels_wherever_they_were_loaded_last() -> None:
    LoadedKernels(compile_text(translate_shared(), Tier.QUICK))
    gc.collect()
    result = both(library.load_source("asc").text, a_world(3))
    assert result.tokens.max() > 0


@pytest.mark.parametrize("counting", [True, False])
def test_results_do_not_depend_on_the_number_of_threads(counting: bool) -> None:
    chains = [ReplayChain(["A", "B"] * 40, 40_000 + index, "AB"[index % 2]) for index in range(30)]
    replay_environment = ReplayEnvironment(
        [BranchPool(chains[index:], 500) for index in range(24)], ["A"] * 24
    )
    program = checked(FIRST.replace("open 2", "open 20"))
    counts = [empty_counts(program.source) if counting else None for _ in range(3)]
    hindsight = [empty_hindsight(24, 20) if counting else None for _ in range(3)]
    alone, *others = (
        compiled(threads).play(
            program, ControllerSetting(), replay_environment, range(20),
            counts=count, hindsight=arrays,
        )
        for threads, count, arrays in zip((1, 2, 7), counts, hindsight, strict=True)
    )  # fmt: skip
    if counting:
        first, *more = (arrays.total() for arrays in hindsight if arrays is not None)
        assert first.tokens == alone.tokens.sum()
        assert more == [first, first]
    for other, count in zip(others, counts[1:], strict=True):
        same(alone, other)
        if count is not None and counts[0] is not None:
            np.testing.assert_array_equal(count.runs, counts[0].runs)
            np.testing.assert_array_equal(count.tokens, counts[0].tokens)


def test_a_program_has_no_code_for_hindsight_that_is_not_asked_for() -> None:
    plain, reporting = (
        translate_program(checked(FIRST), Variant(hindsight=hindsight))
        for hindsight in (False, True)
    )
    assert "hindsight" in reporting.text
    assert "hindsight" not in plain.text
    assert plain.arrays < reporting.arrays


def test_other_threads_run_while_compiled_code_does() -> None:
    program = checked("""controller long {
      memory { turns = 0 }
      start { open 1 unseen }
      step at most 100000 { turns = turns + votes(opened) + 1 }
      finally { answer none }
    }""")
    replay_environment = ReplayEnvironment(
        [BranchPool([ReplayChain(["A"] * 9, 5000, "A")], 500)], ["A"]
    )
    objects, inside, done = ObjectCache(), threading.Event(), threading.Event()
    _, code = objects.load(program, Variant(bounded=False))
    run = code.run

    def watched(words: int) -> None:
        inside.set()
        run(words)
        inside.clear()

    code.run = watched

    def play() -> None:
        CompiledEngine(objects, 1).play(program, ControllerSetting(), replay_environment, range(50))
        done.set()

    thread = threading.Thread(target=play)
    thread.start()
    turns = 0
    while not done.is_set():
        turns += inside.is_set()
    thread.join()
    # One call of compiled code plays all seeds: had it kept Python's lock, there were no turn.
    assert turns > 100


def test_one_engine_serves_several_threads_at_a_time() -> None:
    player, replay_environment = compiled(2), a_world(3)
    programs = [checked(seeded_program(seed)) for seed in range(0, 10, 5)]
    expected = [
        InterpreterEngine().play(p, ControllerSetting(0.5), replay_environment, range(3))
        for p in programs
    ]
    result: list[EpisodeArrays | None] = [None] * 6

    def play(index: int) -> None:
        result[index] = player.play(
            programs[index % 2], ControllerSetting(0.5), replay_environment, range(3)
        )

    threads = [threading.Thread(target=play, args=(index,)) for index in range(len(result))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, episodes in enumerate(result):
        assert episodes is not None
        same(expected[index % 2], episodes)


def test_both_engines_apply_any_budget_equally() -> None:
    replay_environment = ReplayEnvironment(
        [
            BranchPool(
                [
                    ReplayChain(["A", "B", "A"], 350, "B"),
                    ReplayChain([], 90, "A"),
                    ReplayChain(["B"], 50, "A"),
                ],
                100,
            )
        ],
        ["A"],
    )
    text = """controller c {
      start { open 3 sample 1 }
      step { advance active for 2 probe active extend active prune first 1 of active }
      finally { answer winner(finished) else winner(alive) }
    }"""
    ends = set()
    for budget in range(0, 900, 10):
        for price in (0, 7, 120):
            result = both(text, replay_environment, EpisodeRules(budget, price))
            ends.update(result.line.ravel().tolist())
    assert ends == {2, 3, 4}, "the budget ends on either line, and not at all"


def test_answers_beyond_sixteen_bits_stay_distinct() -> None:
    chains = [
        ReplayChain([f"{index}/{step}" for step in range(300)], 30_000, f"{index}")
        for index in range(128)
    ]
    twin = chains[7]._replace(final="99/299")
    branch_pool = BranchPool([*chains, twin], 100)
    replay_environment = ReplayEnvironment([branch_pool], ["99/299"])
    assert DenseQuestions(replay_environment).wide
    text = """controller c {
      start { open 129 }
      step { advance active for 400 }
      finally { answer (if distinct(finished) == 129 then "99/299" else winner(finished)) }
    }"""
    assert both(text, replay_environment).right.all()


def test_a_narrow_and_a_wide_recording_are_played_by_one_engine() -> None:
    narrow = a_world(1)
    wide = ReplayEnvironment(
        [BranchPool([ReplayChain([str(index) for index in range(33_000)], 3_300_000, "A")], 100)],
        ["A"],
    )
    player, program = compiled(), checked(FIRST)
    for replay_environment in (narrow, wide, narrow):
        expected = InterpreterEngine().play(
            program, ControllerSetting(), replay_environment, range(2)
        )
        same(expected, player.play(program, ControllerSetting(), replay_environment, range(2)))


def test_a_quoted_answer_counts_as_right_where_it_is_gold_though_no_branch_gave_it() -> None:
    replay_environment = ReplayEnvironment(
        [BranchPool([ReplayChain(["A"], 100, "A")], 100)] * 2, ["42", "43"]
    )
    result = both('controller c { start { open 1 } finally { answer "42" } }', replay_environment)
    assert result.right.tolist() == [[True] * 4, [False] * 4]
    assert result.answer.tolist() == [[1] * 4, [-2] * 4]


def test_the_longest_window_keeps_all_values() -> None:
    text = """controller c {
      memory { w = window(1000000) }
      start { open 1 }
      step at most 70000 { push steps onto w open 0 probe active }
      finally {
        answer if count(w) == 65536 and full(w) and oldest(w) == 4464 and rise(w) == 65535
               then "A" else "B"
      }
    }"""
    replay_environment = ReplayEnvironment(
        [BranchPool([ReplayChain(["A", "A"], 250, "A")], 100)], ["A"]
    )
    result = compiled().play(checked(text), ControllerSetting(), replay_environment, range(1))
    assert result.right.all()


def test_a_recording_without_questions_has_no_episodes() -> None:
    result = compiled(2).play(
        checked(FIRST), ControllerSetting(), ReplayEnvironment([], []), range(3)
    )
    assert result.right.shape == (0, 3)


def test_without_seeds_nothing_is_played() -> None:
    result = compiled().play(checked(FIRST), ControllerSetting(), a_world(2), range(0))
    assert result.right.shape[1] == 0


@pytest.mark.parametrize("name", ENGINE_NAMES)
def test_both_engines_refuse_the_same_programs(name: str) -> None:
    player: ReplayEngine = get_engine(name)
    ends_only = ReplayEnvironment(
        [BranchPool([ReplayChain([], 100, "A")], 500, probed=False)], ["A"]
    )
    with pytest.raises(NotProbed):
        player.play(checked(FIRST), ControllerSetting(), ends_only, range(1))
    gated = checked(
        "needs entropy\ncontroller c { start { open 1 }"
        " finally { answer winner(alive where .entropy < 1) else winner(alive) } }"
    )
    with pytest.raises(InputError, match="needs entropy"):
        player.play(gated, ControllerSetting(), a_world(2, signals=False), range(1))
    with pytest.raises(SettingsError, match="nothing"):
        player.play(checked(FIRST), ControllerSetting(None, {"nothing": 1}), a_world(2), range(1))


@pytest.mark.parametrize("counted", [(True, False), (False, True)])
def test_counting_lines_changes_no_result(counted: Sequence[bool]) -> None:
    program, replay_environment, player = checked(seeded_program(12)), a_world(4), compiled()
    result = [
        player.play(
            program,
            ControllerSetting(1.0),
            replay_environment,
            range(3),
            counts=empty_counts(program.source) if counts else None,
        )
        for counts in counted
    ]
    same(*result)

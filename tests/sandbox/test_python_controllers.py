"""Controllers in Python: the functions and verbs of Rheo, with the same results."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import builtins, library
from dsl.episode import Controller
from dsl.interpreter import Interpreter
from dsl.program import load_checked_program
from dsl.source import Source
from harness.mdp.ledger import BarrierRecord
from harness.mdp.playback import play_episode
from harness.mdp.replay import BranchPool, NamedSignal, Replay, ReplayChain
from sandbox.faults import Reason
from sandbox.library import NAMES, text
from sandbox.python.branches import Branch
from sandbox.python.controller import PythonController
from sandbox.python.controller_episode import ShownEpisode
from sandbox.python.guards import BUILTINS
from tests.harness.branch_pools import branch_pools
from tests.sandbox.playing import DECK, answer, body, fault, played

PAIRS: dict[str, tuple[Controller, Controller]] = {
    name: (
        Interpreter(load_checked_program(library.load_source(name))),
        PythonController(text(name)),
    )
    for name in NAMES
}


def same_episode(
    name: str, branch_pool: BranchPool, seed: int, beta: float, budget: int | None
) -> None:
    """Every barrier, with its actions, charges and reasons, is that of the program in Rheo."""
    traces: list[list[BarrierRecord]] = [[], []]
    for controller, trace in zip(PAIRS[name], traces, strict=True):
        play_episode(
            controller,
            Replay(branch_pool, seed=seed, budget=budget, probe_cost=1, trace=trace),
            beta,
        )
    shapes = [
        [
            (type(barrier.verb), barrier.verb.because, barrier.actions, barrier.sequential)
            for barrier in trace
        ]
        for trace in traces
    ]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("name", NAMES)
@given(
    branch_pool=branch_pools(),
    seed=st.integers(0, 99),
    beta=st.floats(0, 1),
    budget=st.none() | st.integers(0, 200),
)
def test_a_controller_of_the_library_plays_as_its_program_in_rheo(
    name: str, branch_pool: BranchPool, seed: int, beta: float, budget: int | None
) -> None:
    same_episode(name, branch_pool, seed, beta, budget)


def test_the_vocabulary_is_that_of_rheo() -> None:
    shown = {name for name in dir(ShownEpisode) if not name.startswith("_")}
    branch = {f".{name}" for name in dir(Branch) if not name.startswith("_")}
    values = set(builtins.VALUES) - {"beta"}
    verbs = {"open", "advance", "extend", "probe", "sample", "prune", "answer", "step"}
    assert shown == {*builtins.SETS, *values, *verbs}
    assert branch == {*builtins.ATTRIBUTES, ".signal"}
    assert set(builtins.FUNCTIONS) - set(builtins.CHANCE) <= set(BUILTINS)


def test_an_answer_ends_the_episode_there_and_then() -> None:
    assert answer("episode.answer(None, 'a', 'b')\nepisode.open(4)") == "a"


def test_the_return_value_is_the_answer() -> None:
    assert answer("return '7'") == "7"
    assert answer("pass") is None


def test_verbs_skip_branches_that_they_cannot_act_on() -> None:
    text = """
        opened = episode.open(9)
        pruned = episode.prune(opened.first(1))
        moved = episode.advance(opened, lambda branch: branch.index - 1)
        nothing = episode.advance(pruned)
        return f"{count(opened)} {count(pruned)} {[b.index for b in moved]} {count(nothing)}"
    """
    assert answer(text) == "4 1 [2, 3] 0"


def test_a_branch_shows_what_has_been_revealed() -> None:
    text = """
        (b,) = episode.open(1, look=False)
        before = (b.answer, b.seen, b.depth, b.age)
        for steps in episode.step(1):
            episode.extend([b])
            episode.probe(episode.active)
        return f"{before} {b.answer} {b.seen} {b.depth} {b.tokens} {b.age} {b.finished}"
    """
    assert answer(text) == "(None, False, 1, 0) 7 True 2 20 1 False"


JUDGED = BranchPool(
    [
        ReplayChain(
            ["7", "8"], 24, answer_text, [0.5, 0.25],
            signals={
                "reward": NamedSignal("branch", [reward]),
                "p_true": NamedSignal("probe", [reward / 2, reward / 4]),
                "certainty": NamedSignal("interval", [1.0, 2.0, 3.0]),
            },
        )
        for answer_text, reward in (("7", 0.25), ("8", 0.75), ("7", 0.125))
    ],
    10,
)  # fmt: skip
"""Three branches with a named signal of each scope."""


def judged_answer(code: str, branch_pool: BranchPool = JUDGED) -> str | None:
    replay = Replay(branch_pool, seed=0)
    play_episode(PythonController(body(code)), replay, 0.0)
    return replay.answer


def test_named_signals_have_a_value_when_what_they_belong_to_is_known() -> None:
    text = """
        def shown():
            return [b.signal(name) for name in ("reward", "p_true", "certainty", "entropy")]
        (b,) = episode.open(1, look=False)
        unseen = shown()
        episode.probe([b])
        seen = shown()
        episode.advance([b], 9)
        return f"{unseen} {seen} {shown()} {b.signal('reward', 9.0)}"
    """
    alone = BranchPool(JUDGED.chains[:1], JUDGED.interval)
    assert judged_answer(text, alone) == (
        "[None, None, 1.0, None] [None, 0.125, 1.0, 0.5] [0.25, 0.0625, 3.0, 0.25] 0.25"
    )


def test_a_vote_weighted_by_a_signal_is_that_of_rheo() -> None:
    text = """
        episode.open(3)
        for _ in episode.step():
            episode.advance(episode.active)
        return winner(episode.alive, weight=lambda b: b.signal("reward", 0.0))
    """
    rheo = """needs reward
    controller c {
      start { open 3 }
      step { advance active }
      finally { answer winner(alive, weight = (.reward else 0)) }
    }"""
    replay = Replay(JUDGED, seed=0)
    play_episode(Interpreter(load_checked_program(Source(rheo))), replay, 0.0)
    assert judged_answer(text) == replay.answer == "8"


def test_a_signal_that_is_not_recorded_is_an_error() -> None:
    reason = fault("(b,) = episode.open(1)\nreturn str(b.signal('reward'))")
    assert "there is no signal 'reward' here; choose from entropy, logprob" in reason.text


def test_functions_over_sets_are_those_of_rheo() -> None:
    text = """
        episode.sample(4)
        tokens = [b.tokens for b in episode.opened]
        same = median(tokens) == quantile(tokens, 0.5)
        places = sorted(rank(tokens, t) for t in tokens)
        ended = count(episode.opened.where(lambda b: b.cut_off))
        return f"{same} {places[0]} {total(episode.opened)} {ended}"
    """
    assert answer(text) == "True 0 4 0"


def test_sets_are_snapshots() -> None:
    text = """
        before = episode.opened
        episode.open(2)
        now = episode.opened
        late = now.by(lambda b: -b.index)
        return f"{count(before)} {count(now)} {late[0].index} {count(now.without(late.first(1)))}"
    """
    assert answer(text) == "0 2 1 1"


def test_the_end_of_the_budget_is_an_exception() -> None:
    text = """
        try:
            episode.open(4)
        except Exhausted:
            return f"{count(episode.opened)} {episode.spent} of {episode.budget}"
    """
    assert answer(text, budget=25) == "2 20 of 25"


def test_an_uncaught_end_of_the_budget_ends_without_an_answer() -> None:
    ended = played(body("episode.open(4)\nreturn '7'"), budget=25)
    assert (ended.answer, ended.tokens) == (None, 20)


def test_chance_is_that_of_the_seed_and_the_question() -> None:
    text = "return str([chance(0.5) for x in range(20)])"
    assert answer(text) == answer(text)


WRONG = {
    "episode.open('3')": "TypeError: `open` needs an integer, not a value of type str",
    "episode.open(True)": "TypeError: `open` needs an integer, not a value of type bool",
    "episode.advance([3])": (
        "TypeError: expected a set of branches, but one item is a value of type int"
    ),
    "b = episode.open(1)\nepisode.advance([*b, *b])": "ValueError: a branch is named twice",
    "episode.advance(episode.open(1), 1.5)": (
        "TypeError: `burst` needs an integer, not a value of type float"
    ),
    "return 7": "TypeError: an answer is a text or None, not a value of type int",
    "episode.answer()": "TypeError: `answer` needs at least one choice",
    "return 'x' * 20_000": "ValueError: an answer has at most 10000 characters",
    "mean(['a'])": "TypeError: `mean` needs a number, not a value of type str",
    "newest([1])": "TypeError: `newest` needs a window",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_argument_has_a_readable_message(text: str) -> None:
    assert fault(text).text == WRONG[text]
    assert fault(text).reason is Reason.RAISED


NUMBERS = {
    "sum([0.1] * 10)": "0.9999999999999999",
    "sum([1, 2])": "3",
    "sum([])": "0",
    "mean([])": "0.0",
    "min([])": "0",
    "max(1, 2.5)": "2.5",
    "min([3, 1, 2])": "1",
    "round(2.5)": "2",
    "round(0.12345, 4)": "0.1235",
    "log(0)": "0.0",
    "sqrt(-1)": "0.0",
    "pow(0, 2)": "0.0",
    "clamp(5, 1, 3)": "3",
    "floor(-0.5)": "-1",
    "abs(-3)": "3",
    "beta_confidence(3, 1)": "0.8125",
    "winner(episode.open(4))": "7",
    "runner_up(episode.open(4), weight=lambda b: b.index)": "8",
    "votes(episode.open(4))": "3",
    "votes(episode.open(4), '8')": "1",
    "votes(episode.open(4), None)": "0",
    "share(episode.open(4))": "0.75",
    "margin(episode.open(4))": "0.5",
    "distinct(episode.open(4))": "2",
}


@pytest.mark.parametrize("expression", NUMBERS)
def test_functions_equal_those_of_rheo(expression: str) -> None:
    assert answer(f"return str({expression})") == NUMBERS[expression]


def test_a_window_keeps_the_last_values() -> None:
    text = """
        w = window(2)
        empty_one = (oldest(w), newest(w), rise(w), full(w))
        for x in (1, 2, 5):
            w.push(x)
        return f"{empty_one} {oldest(w)} {newest(w)} {rise(w)} {full(w)} {mean(w)} {count(w)}"
    """
    assert answer(text) == "(0.0, 0.0, 0.0, False) 2.0 5.0 3.0 True 3.5 2"


def test_a_verb_knows_its_line() -> None:
    trace: list[BarrierRecord] = []
    text = "def look(episode):\n    episode.open(1,\n        because='wide')\n\n" + body(
        "look(episode)\nreturn '7'"
    )
    play_episode(PythonController(text), Replay(DECK, seed=0, trace=trace))
    origin = trace[0].verb.origin
    assert origin is not None
    assert (origin.line, origin.column, origin.end_line) == (2, 5, 3)
    assert trace[0].verb.because == "wide"


def test_the_library_lists_all_of_its_files() -> None:
    result = Path(library.__file__).parents[2] / "sandbox" / "library"
    assert sorted(path.stem for path in result.glob("[a-z]*.py")) == sorted(NAMES)


def test_sets_of_branches_have_one_order() -> None:
    text = (
        "episode.open(4)\nreturn str([b.index for b in set(episode.opened.by(lambda b: -b.index))])"
    )
    assert answer(text) == "[0, 1, 2, 3]"

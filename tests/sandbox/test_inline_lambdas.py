"""Lambdas over branches that are evaluated in one call: which ones, and that nothing shows it."""

import pytest

from sandbox.faults import Reason
from sandbox.python.branches import Branch, Branches
from sandbox.python.controller_episode import ShownEpisode
from sandbox.python.expressions import METHODS
from sandbox.python.guards import ATTRIBUTES
from sandbox.python.policy import compile_controller
from tests.sandbox.playing import answer, body, fault


def is_inlined(call: str) -> bool:
    """Whether a lambda in a call becomes an expression."""
    code = compile_controller(body(f"x = episode.opened\n{call}"))
    (function,) = [const for const in code.co_consts if hasattr(const, "co_names")]
    return "_expression_" in function.co_names


INLINED = {
    "x.by(lambda b: -b.depth)": True,
    "x.by(key=lambda b: -b.depth)": True,
    "x.where(lambda b: b.answer in {'7': 1})": True,
    "x.where(lambda b: winner([b]))": True,
    "x.where(condition=lambda b: b.age)": True,
    "episode.advance(x, lambda b: 2 if b.answer == '7' else 1)": True,
    "episode.advance(x, burst=lambda b: b.depth + 1)": True,
    "episode.advance(x, lambda b: count([b]))": False,
    "episode.advance(x, lambda b: {}[b.index])": False,
    "episode.advance(lambda b: 1, 2)": False,
    "x.by(max)": False,
    "x.by(lambda b, c=1: c)": False,
    "x.by(lambda *b: 1)": False,
    "x.by(lambda **b: 1)": False,
    "x.by(lambda: 1)": False,
    "x.where(lambda b: (b := 1))": False,
    "x.where(lambda b: [b for b in (1, 2)])": False,
    "x.where(lambda b: sum(1 for b in (1, 2)))": False,
    "x.where(lambda b: lambda: b)": False,
    "x.where(lambda b: (yield b))": False,
    "x.without(lambda b: b)": False,
    "[].extend(lambda b: b.depth)": False,
    "sorted(x, key=lambda b: b.depth)": False,
}


@pytest.mark.parametrize("call", INLINED)
def test_a_lambda_is_inlined_only_if_nothing_can_hold_on_to_its_parameter(call: str) -> None:
    assert is_inlined(call) is INLINED[call]


def test_methods_that_take_expressions_belong_to_sets_and_the_episode_alone() -> None:
    for name in METHODS:
        owners = {kind for kind, names in ATTRIBUTES.items() if name in names}
        assert len(owners) == 1
        assert owners <= {Branches, ShownEpisode}


def test_an_attribute_that_no_branch_has_is_refused() -> None:
    result = fault("episode.open(2)\nepisode.opened.by(lambda b: b.depth if b.index else b.steps)")
    assert "a value of type Branch has no attribute 'steps'" in result.text


OTHERS = {
    "'a'.by(lambda b: b.depth)": "a value of type str has no attribute 'by'",
    "winner.where(lambda b: b.depth)": "a value of type function has no attribute 'where'",
    "episode.by(lambda b: b.depth)": "a value of type ShownEpisode has no attribute 'by'",
    "episode.opened.advance(0, lambda b: 1)": "a value of type Branches has no attribute 'advance'",
    "episode.active.by(lambda b: b.answer.format(b))": "type str has no attribute 'format'",
    "episode.active.by(lambda b: b.answer if b.index else 1)": "'<' not supported between",
    "episode.active.by(lambda b: 1, lambda b: 2)": "takes 2 positional arguments but 3 were given",
    "episode.active.by(by=lambda b: 1)": "got an unexpected keyword argument 'by'",
    "episode.advance(lambda b: b.depth)": "'function' object is not iterable",
    "episode.advance(episode.active, lambda b: 1.5)": "`burst` needs an integer",
    "episode.advance(episode.active, lambda b: b.answer)": "`burst` needs an integer",
}


@pytest.mark.parametrize("call", OTHERS)
def test_a_call_fails_as_with_a_plain_function(call: str) -> None:
    inlined = fault(f"episode.open(3)\n{call}")
    kept = fault(f"episode.open(3)\n{call.replace('lambda b:', 'lambda b, *_:')}")
    assert inlined.reason is Reason.RAISED
    assert OTHERS[call] in inlined.text
    assert (inlined.text, inlined.line) == (kept.text, kept.line)


def test_a_fault_in_a_lambda_has_the_location_of_its_own() -> None:
    result = fault("episode.open(3)\nepisode.active.where(lambda b:\n    b.index > 1 //   0)")
    assert (result.line, result.column) == (4, 19)


SAME = [
    "episode.active.by(lambda b: (b.answer, -b.index))",
    "episode.active.where(lambda b: b.answer == '7' and b.index)",
    "episode.advance(episode.active, lambda b: b.index - 1)",
    "episode.advance(episode.active, lambda b: 1 if b.answer == '7' else 2)",
    "episode.active.where(lambda b: seen.append(b.index))",
    "episode.active.by(lambda b: len(seen) - 2 * (seen.append(b.index) or b.index))",
    "episode.active.where(lambda b: count(episode.advance([b])) and b.finished)",
    "episode.active.where(lambda b: held if b.index < 2 else held.append(b.index) or held)",
    "episode.active.where(lambda b: held.clear() or held if b.index else held.append(b) or held)",
    "episode.active.by(lambda b: held.append(-b.index) or held)",
]


@pytest.mark.parametrize("call", SAME)
def test_an_inlined_lambda_means_what_a_plain_function_does(call: str) -> None:
    text = """
        seen, held = [], []
        episode.open(4)
        for steps in episode.step(3):
            chosen = {}
            seen.append([b.index for b in chosen])
        shown = [(b.answer, b.depth, b.finished) for b in episode.opened]
        return f"{seen} {shown} {episode.spent}"
    """
    inlined = answer(text.replace("{}", call, 1))
    assert inlined == answer(text.replace("{}", call.replace("lambda b:", "lambda b, *_:"), 1))
    assert inlined is not None
    assert "7" in inlined


def test_a_burst_is_checked_before_the_next_one_is_computed() -> None:
    text = """
        episode.open(3)
        try:
            episode.advance(episode.active, lambda b: 1.5 if b.index == 0 else 1 // 0)
        except TypeError as e:
            return str(e)
    """
    assert answer(text) == "`burst` needs an integer, not a value of type float"


def test_every_branch_of_a_set_is_a_branch() -> None:
    assert {kind for kind in ATTRIBUTES if "seen" in ATTRIBUTES[kind]} == {Branch}

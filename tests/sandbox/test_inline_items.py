"""Guards of dicts that are decided once for a call: for which names, and what is refused."""

import ast

import pytest

from sandbox.faults import Reason
from sandbox.python.guards import _CHANGEABLE, _DICTS, _ITEMS, ATTRIBUTES, is_dict
from sandbox.python.scopes import find_constant_parameters
from tests.sandbox.playing import answer, fault

CONSTANT = {
    "def f(x): x": True,
    "def f(*x): x": True,
    "def f(**x): x": True,
    "def f(*, x): x": True,
    "def f(x):\n    lambda: x": True,
    "def f(x):\n    [x for y in ()]": True,
    "def f(x):\n    def g(): x": True,
    "def f(x):\n    def g(y=x): 0": True,
    "lambda x: x": False,
    "def f():\n    x = 1\n    x": False,
    "def f(x):\n    x = 1\n    x": False,
    "def f(x):\n    del x\n    x": False,
    "def f(x):\n    for x in (): pass\n    x": False,
    "def f(x):\n    import x\n    x": False,
    "def f(x):\n    def x(): pass\n    x": False,
    "def f(x):\n    try: pass\n    except E as x: pass\n    x": False,
    "def f(x):\n    def g():\n        nonlocal x\n    x": False,
    "def f(x):\n    [(x := y) for y in ()]\n    x": False,
    "def f(x):\n    lambda x: x": False,
    "def f(x):\n    [x for x in ()]": False,
    "def f(x=x): 0": False,
    "x": False,
}


@pytest.mark.parametrize("text", CONSTANT)
def test_a_parameter_is_constant_only_if_no_code_assigns_it(text: str) -> None:
    tree = ast.parse(text)
    (read,) = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "x" and isinstance(node.ctx, ast.Load)
    ]
    assert (read in find_constant_parameters(tree)) is CONSTANT[text]


def test_every_guard_admits_all_that_is_done_to_a_dict_without_it() -> None:
    assert set(_CHANGEABLE) >= _DICTS
    assert set(_ITEMS) >= _DICTS
    for kind in _DICTS:
        assert ATTRIBUTES[kind] >= ATTRIBUTES[dict]


def test_a_subclass_of_dict_that_is_not_known_is_no_dict() -> None:
    class Sly(dict[str, int]):
        pass

    assert is_dict({})
    assert not is_dict(Sly())


USES = """
def use(d, k):
    d[k] = 1
    d[k]
    return d.get(k)
def nested(d):
    return [(lambda: d[0])() for _ in (1,)] + [d[1]]
"""

REFUSED = {
    "use(episode, 0)": "a value of type ShownEpisode cannot be changed",
    "use((1, 2), 0)": "a value of type tuple cannot be changed",
    "use([1, 2], 0)": "a value of type list has no attribute 'get'",
    "use('a', 0)": "a value of type str cannot be changed",
    "use(winner, 0)": "a value of type function cannot be changed",
    "nested(episode)": "a value of type ShownEpisode has no items",
    "nested(int)": "a value of type type has no items",
    "nested({0: 1})": "KeyError: 1",
}


@pytest.mark.parametrize("call", REFUSED)
def test_a_value_that_is_no_dict_meets_the_guards(call: str) -> None:
    result = fault(f"{USES}\n{call}")
    assert result.reason is Reason.RAISED
    assert REFUSED[call] in result.text


MEANING = {
    "def f(d):\n    d['a'] = 1\n    del d['a']\n    return d\nreturn str(f({'b': 2}))": "{'b': 2}",
    "def f(d):\n    return d[d[d[0]]]\nreturn str(f({0: 1, 1: 2, 2: 3}))": "3",
    "def f(d):\n    return d[0] + d[1]\nreturn str(f([3, 4]))": "7",
    "def f(d):\n    return d[0] + d[1:]\nreturn f('abc')": "abc",
    "def f(**d):\n    return d['a'] + d.get('b', 2)\nreturn str(f(a=1))": "3",
    "def f(d):\n    yield d[0]\n    yield d[1]\nreturn str([*f({0: 1, 1: 2})])": "[1, 2]",
    "from collections import Counter\ndef f(d):\n    d['a'] = d['a'] + 1\n    return d['a']\n"
    "return str(f(Counter()))": "1",
    "from collections import defaultdict\ndef f(d):\n    d['a'].append(1)\n    return d['a']\n"
    "return str(f(defaultdict(list)))": "[1]",
    "def f(d):\n    def g(d):\n        return d[0] + d[1]\n    return g([1, 2]) + d[0] + d[1]\n"
    "return str(f({0: 10, 1: 20}))": "33",
}


@pytest.mark.parametrize("text", MEANING)
def test_items_keep_their_meaning(text: str) -> None:
    assert answer(text) == MEANING[text]

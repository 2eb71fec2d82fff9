"""Inlined guards: which names may be read twice, and that a value of another type is refused."""

import ast

import pytest

from sandbox.faults import Reason
from sandbox.python.branches import Branch, Branches
from sandbox.python.controller_episode import ShownEpisode
from sandbox.python.guards import ATTRIBUTES, INLINED, OWN, guarded_globals
from sandbox.python.policy import compile_controller
from sandbox.python.scopes import find_stable_names
from sandbox.python.windows import Window
from tests.sandbox.playing import answer, body, fault

STABLE = {
    "def f(x): x": True,
    "def f():\n    x = 1\n    x": True,
    "def f():\n    for x in (): x": True,
    "def f(*x): x": True,
    "def f(*, x): x": True,
    "lambda x: x": True,
    "[x for x in ()]": True,
    "[0 for y in () for x in y if x]": True,
    "def f(x):\n    lambda: x": True,
    "def f(x):\n    [x for y in ()]": True,
    "def f(x):\n    def g(x): x": True,
    "def f():\n    try: pass\n    except E as x: x": True,
    "x": False,
    "x = 1\ndef f(): x": False,
    "def f():\n    global x\n    x": False,
    "def f(x):\n    def g():\n        nonlocal x\n        x": False,
    "def f(x):\n    def g():\n        nonlocal x\n    x": False,
    "def f():\n    x = 1\n    lambda: x": False,
    "def f(x):\n    x = 1\n    lambda: x": False,
    "def f(x):\n    del x\n    lambda: x": False,
    "def f(x):\n    for x in (): pass\n    lambda: x": False,
    "def f(x):\n    import x\n    lambda: x": False,
    "def f(x):\n    def x(): pass\n    lambda: x": False,
    "def f(x):\n    try: pass\n    except E as x: pass\n    lambda: x": False,
    "def f():\n    [(lambda: x) for x in ()]": False,
    "def f(x):\n    [(x := y) for y in ()]\n    x": False,
    "[y for x in x]": False,
    "lambda x=x: 0": False,
    "def f(x=x): 0": False,
}


@pytest.mark.parametrize("text", STABLE)
def test_a_name_is_stable_only_if_no_other_code_can_rebind_it(text: str) -> None:
    tree = ast.parse(text)
    reads = {
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "x" and isinstance(node.ctx, ast.Load)
    }
    assert len(reads) == 1
    assert (reads <= find_stable_names(tree)) is STABLE[text]


def test_the_types_that_are_checked_for_have_no_subclasses() -> None:
    kinds = guarded_globals({}, 1, {})
    for attribute, name in INLINED.items():
        types = kinds[name] if isinstance(kinds[name], tuple) else (kinds[name],)
        for kind in types:
            assert kind in (Branch, Branches, ShownEpisode, Window)
            assert kind.__subclasses__() == []
            assert attribute in ATTRIBUTES[kind]


OTHERS = {
    "x = episode\nx.depth": "a value of type ShownEpisode has no attribute 'depth'",
    "x = episode.open(1)[0]\nx.spent": "a value of type Branch has no attribute 'spent'",
    "x = episode.open\nx.index": "a value of type method has no attribute 'index'",
    "x = winner\nx.answer": "a value of type function has no attribute 'answer'",
    "x = dict\nx.open": "a value of type type has no attribute 'open'",
    "x = 'a'\nx.signal": "a value of type str has no attribute 'signal'",
    "x = ['a']\nx[0].by": "a value of type str has no attribute 'by'",
    "x = episode\nx.open(1).push": "a value of type Branches has no attribute 'push'",
    "x = episode\nx.open(1).open(1).by": "a value of type Branches has no attribute 'open'",
    "x = 'a'\nx.finished": "a value of type str has no attribute 'finished'",
    "x = window(1)\nx.finished": "a value of type Window has no attribute 'finished'",
}


@pytest.mark.parametrize("text", OTHERS)
def test_an_inlined_attribute_of_a_value_of_another_type_is_refused(text: str) -> None:
    result = fault(text)
    assert result.reason is Reason.RAISED
    assert OTHERS[text] in result.text
    assert (result.line, result.column) == (3, 5)


def test_an_inlined_attribute_name_of_another_type_keeps_its_meaning() -> None:
    assert answer("x = ['a', 'b']\nreturn str(x.index('b'))") == "1"


def test_only_attributes_of_our_own_types_are_inlined_for_all_expressions() -> None:
    owners = {kind for kind, names in ATTRIBUTES.items() if names & OWN}
    assert owners == {Branch, Branches, ShownEpisode, Window}
    assert {"by", "where", "first", "push", "finished"} <= OWN
    assert OWN & {"index", "count", "extend", "append"} == set()


SCOPES = {
    "return episode.active.by(len)": True,
    "for x in episode.active.by(len): pass": True,
    "x = lambda: episode.active.by(len)": False,
    "x = [s.opened.by(len) for s in [episode]]": False,
    "x = [y for y in episode.opened.by(len)]": False,
    "x = [[z for z in s.opened.by(len)] for s in [episode]]": False,
    "x = list(s.opened.by(len) for s in [episode])": False,
    "x = lambda y=episode.opened.by(len): y": True,
    "return [episode.opened][0].index(3)": False,
}


@pytest.mark.parametrize("text", SCOPES)
def test_a_value_gets_a_name_of_its_own_only_in_the_scope_of_a_function(text: str) -> None:
    consts = compile_controller(body(text)).co_consts
    [function] = [code for code in consts if hasattr(code, "co_name")]
    assert ("_tested_" in function.co_varnames) is SCOPES[text]
    assert "_tested_" not in function.co_cellvars


def test_a_module_keeps_no_tested_value() -> None:
    code = compile_controller("x = winner\ny = [x][0].by\n" + body("pass"))
    assert "_tested_" not in code.co_names


def test_guards_of_stable_names_are_inlined_and_others_called() -> None:
    names = compile_controller(body("pass") + "\ndef f(x):\n    return x.depth\n").co_consts
    [inlined] = [code for code in names if hasattr(code, "co_name") and code.co_name == "f"]
    assert {"_isinstance_", "depth"} <= set(inlined.co_names)
    names = compile_controller(body("pass") + "\nx = 3\ndef f():\n    return x.index\n").co_consts
    [called] = [code for code in names if hasattr(code, "co_name") and code.co_name == "f"]
    assert set(called.co_names) == {"_getattr_", "_turn_", "x"}

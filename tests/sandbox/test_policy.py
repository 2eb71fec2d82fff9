"""The policy: the code that a controller may contain."""

from collections.abc import Callable

import pytest

from sandbox.python.policy import (
    MOST_CODE,
    PolicyFinding,
    PolicyViolation,
    compile_controller,
    examine,
)
from tests.sandbox.playing import body

REFUSED = {
    "episode.__class__": '"__class__" is an invalid attribute name because it starts with "_"',
    "episode._episode": '"_episode" is an invalid attribute name because it starts with "_"',
    "().__class__.__base__.__subclasses__()": '"__class__" is an invalid attribute name',
    "f'{episode.__class__}'": '"__class__" is an invalid attribute name',
    "f'{episode._send!r:>{beta.__class__}}'": '"_send" is an invalid attribute name',
    "(x for x in ()).gi_frame": '"gi_frame" is a restricted name',
    "(x for x in ()).gi_code": '"gi_code" is a restricted name',
    "controller.__globals__": '"__globals__" is an invalid attribute name',
    "beta.f_back": '"f_back" is a restricted name',
    "beta.tb_frame": '"tb_frame" is a restricted name',
    "beta.cr_await": '"cr_await" is a restricted name',
    "__builtins__": '"__builtins__" is an invalid variable name',
    "__import__('os')": '"__import__" is an invalid variable name',
    "_getattr_(episode, '_send')": '"_getattr_" is an invalid variable name',
    "_getattr_ = None": '"_getattr_" is an invalid variable name',
    "(_write_ := None)": '"_write_" is an invalid variable name',
    "global _turn_\n_turn_ = None": '"_turn_" is an invalid variable name',
    "for _turn_ in (): pass": '"_turn_" is an invalid variable name',
    "lambda _turn_: None": '"_turn_" is an invalid variable name',
    "def _power_(): pass": '"_power_" is an invalid variable name',
    "exec('1')": "Exec calls are not allowed",
    "eval('1')": "Eval calls are not allowed",
    "import os": "import of 'os' is not allowed; collections, math, statistics are",
    "import math, sys": "import of 'sys' is not allowed; collections, math, statistics are",
    "import collections.abc": "import of 'collections.abc' is not allowed",
    "import math as _getattr_": '"_getattr_" is an invalid variable name',
    "from os import path": "import of 'os' is not allowed",
    "from . import python": "import of '.' is not allowed",
    "from math import pi as __builtins__": '"__builtins__" is an invalid variable name',
    "class Sly(str): pass": "a class is not allowed; keep state in a dict",
    "with episode: pass": "`with` is not allowed",
    "try:\n    pass\nfinally:\n    pass": "`finally` is not allowed",
    "try:\n    pass\nexcept:\n    pass": "`except` names what it catches",
    "try:\n    pass\nexcept episode.answer('7'):\n    pass": "`except` lists exceptions",
    "try:\n    pass\nexcept [KeyError][0]:\n    pass": "`except` lists exceptions",
    "try:\n    pass\nexcept (KeyError, beta.x):\n    pass": "`except` lists exceptions",
    "try:\n    pass\nexcept (x := KeyError):\n    pass": "`except` lists exceptions",
    "try:\n    pass\nexcept (*(KeyError,),):\n    pass": "`except` lists exceptions",
    "try:\n    pass\nexcept* ValueError:\n    pass": "`except*` is not allowed; write `except`",
    "match beta:\n    case _: pass": "`match` is not allowed; write `if` and `elif`",
    "print(beta)": "a controller cannot print",
    "episode.steps = 3": "an attribute cannot be set; keep state in a dict",
    "del episode.steps": "an attribute cannot be set; keep state in a dict",
    "episode.steps += 3": "an attribute cannot be set; keep state in a dict",
    "async def f(): pass": "`async def` is not allowed; write `def`",
    "return ([] for a in ()).ag_frame": '"ag_frame" is a restricted name',
}


@pytest.mark.parametrize("text", REFUSED)
def test_escapes_are_refused_before_they_run(text: str) -> None:
    reasons = [finding.reason for finding in examine(body(text))]
    assert any(reason.startswith(REFUSED[text]) for reason in reasons), reasons


@pytest.mark.parametrize("text", REFUSED)
def test_refused_code_is_never_compiled(text: str) -> None:
    with pytest.raises(PolicyViolation):
        compile_controller(body(text))


def test_every_finding_has_its_location() -> None:
    text = "import os\n\ndef controller(episode, beta):\n    é = 'é'; episode.__class__\n"
    assert examine(text) == [
        PolicyFinding(1, 1, "import of 'os' is not allowed; collections, math, statistics are"),
        PolicyFinding(4, 14, '"__class__" is an invalid attribute name because it starts with "_"'),
    ]


def test_a_syntax_error_has_its_location() -> None:
    (finding,) = examine("def controller(episode, beta):\n    return (\n")
    assert finding == PolicyFinding(2, 12, "syntax: '(' was never closed")


def test_there_is_one_function_of_two_arguments() -> None:
    assert examine("") == [PolicyFinding(1, 1, "there is no function `controller(episode, beta)`")]
    wrong = "`controller` takes two arguments, `episode` and `beta`"
    assert examine("def controller(episode): pass") == [PolicyFinding(1, 1, wrong)]
    assert examine("def controller(*all): pass") == [PolicyFinding(1, 1, wrong)]


def test_a_text_that_is_too_long_or_too_deep_is_refused() -> None:
    assert "the limit is" in examine("#" * (MOST_CODE + 1))[0].reason
    for deep in ("(" * 9000 + ")" * 9000, "-" * 50_000 + "1", "a" + ".a" * 40_000):
        assert examine(body(f"return {deep}")) != []
    assert examine("\0") != []


WELCOME = [
    "import math\nreturn str(math.sqrt(4))",
    "from collections import Counter, deque",
    "from statistics import mean as average",
    "x: int = 3\ny: list[str]",
    "def inner(a: int, *rest: str, b: float = 1.0, **more: int) -> str: return a",
    "counts = {}\ncounts['a'] = 1\ncounts['a'] += 1\ndel counts['a']",
    "a, (b, *c) = 1, (2, 3, 4)",
    "if (n := 3) > 2: pass",
    "x = 0\ndef inner():\n    nonlocal x\n    x += 1",
    "try:\n    pass\nexcept Exhausted as end:\n    end.args",
    "return f'{beta:.2f}'",
    "def numbers():\n    yield 1\nreturn str(next(numbers()))",
]


@pytest.mark.parametrize("text", WELCOME)
def test_ordinary_code_is_admitted(text: str) -> None:
    assert examine(body(text)) == []


UNSOUND = {
    "return None": (1, "syntax: 'return' outside function"),
    "break": (1, "syntax: 'break' outside loop"),
    "x = dict(a=1, a=2)": (1, "syntax: keyword argument repeated: a"),
    "def f():\n    x = 1\n    global x": (3, "syntax: name 'x' is assigned to before global"),
    "x = [1]\nx[0] @= 2": (2, "`@=` is not allowed; there are no matrices"),
    "x = 1 @ 2": (1, "`@` between values is not allowed; there are no matrices"),
    "x = [1]\nx[0:1] += [4]": (2, "a slice cannot be changed by `+=`; assign to it by `=`"),
    "try:\n    pass\nexcept OSError:\n    pass": (
        3,
        "`OSError` is not defined here; the exceptions",
    ),
    "x = winer([])": (1, "`winer` is not defined here; did you mean winner?"),
    "def f(x):\n    return [y for y in z]": (2, "`z` is not defined here"),
    "from math import comb": (1, "`math` has no `comb` here"),
    "import math\nx = math.factorial(3)": (2, "`math` has no `factorial` here"),
}


@pytest.mark.parametrize("text", UNSOUND)
def test_code_that_would_fail_is_reported_before_play(text: str) -> None:
    rest = "\ndef controller(episode, beta):\n    return None\n"
    [result] = examine(text + rest)
    line, reason = UNSOUND[text]
    assert result.line == line
    assert result.reason.startswith(reason)


SOUND = [
    "def f():\n    return later\nlater = 3",
    "def f():\n    global made\n    made = 1\ndef g():\n    return made",
    "def f(x):\n    def g():\n        nonlocal x\n        x += 1\n    return g",
    "import math as m\nfrom collections import Counter\nx = Counter([m.pi])",
    "try:\n    pass\nexcept (KeyError, AttributeError) as e:\n    x = str(e)",
    "x = [(y := z) for z in [1]]\nw = y",
    "def f(a, *b, c=1, **d):\n    return a, b, c, d, lambda e: e + chance(0.5)",
    "for i in range(3):\n    last = i\nx = last",
]


@pytest.mark.parametrize("text", SOUND)
def test_names_that_are_made_anywhere_are_known(text: str) -> None:
    assert examine(text + "\ndef controller(episode, beta):\n    return None\n") == []


def test_a_controller_that_yields_is_refused() -> None:
    [result] = examine("def controller(episode, beta):\n    yield 'a'\n")
    assert result == PolicyFinding(2, 5, "`controller` returns its answer, and cannot `yield`")


NESTED: dict[str, Callable[[int], str]] = {
    "conditions": lambda depth: f"episode.active.where(lambda b: {'not ' * depth}b.seen)",
    "sums": lambda depth: f"episode.active.by(lambda b: b.depth{' + 1' * depth})",
    "tuples": lambda depth: f"episode.active.by(lambda b: {'(b.depth, ' * depth}{')' * depth})",
    "choices": lambda depth: "if beta: pass\n" + "elif episode.spent: pass\n" * depth,
}
"""Statements that are nested as deeply as wanted."""


@pytest.mark.parametrize("statement", NESTED)
def test_code_of_any_depth_is_admitted_or_nested_too_deeply(statement: str) -> None:
    outcomes = {
        finding.reason
        for depth in range(150, 250, 5)
        for finding in examine(body(NESTED[statement](depth)))
    }
    assert outcomes == {"the code is nested too deeply"}

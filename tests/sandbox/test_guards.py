"""The guards: what the code of a controller can reach while it runs."""

import inspect
import types

import pytest

from sandbox.faults import Reason
from sandbox.python.guards import ATTRIBUTES, BUILTINS, MODULE_FACADES, guarded_globals
from sandbox.python.policy import examine
from tests.sandbox.playing import answer, body, fault

ATTACKS = {
    "return '{0.steps}'.format(episode)": "a value of type str has no attribute 'format'",
    "return str.format('{0.steps}', episode)": "a value of type function has no attribute 'format'",
    "f = 'x'.format_map": "a value of type str has no attribute 'format_map'",
    "str.join": "a value of type function has no attribute 'join'",
    "int.mro()": "a value of type type has no attribute 'mro'",
    "controller.steps": "a value of type function has no attribute 'steps'",
    "episode.open.im_self": "a value of type method has no attribute 'im_self'",
    "(x for x in ()).send(None)": "a value of type generator has no attribute 'send'",
    "(x for x in ()).throw(ValueError)": "a value of type generator has no attribute 'throw'",
    "import math\nmath['pi'] = 3": "a value of type Facade cannot be changed",
    "episode[0]": "a value of type ShownEpisode has no items",
    "episode.opened[0] = 1": "a value of type Branches cannot be changed",
    "list[int]": "a value of type type has no items",
    "for x in episode: pass": "a value of type ShownEpisode is not iterable",
    "for x in int: pass": "a value of type type is not iterable",
    "next(episode)": "a value of type ShownEpisode is not iterable",
    "[a for a, b in episode]": "a value of type ShownEpisode is not iterable",
    "2 ** 10 ** 9": "a power has at most 4096 bits",
    "x = 2\nx **= 10 ** 9": "a power has at most 4096 bits",
    "1 << 10 ** 9": "a shifted integer has at most 4096 bits",
    "x = 1\nx <<= 10 ** 9": "a shifted integer has at most 4096 bits",
    "range(10 ** 9)": "a range has at most 1000000 members",
    "' '.ljust(10 ** 12)": "a value of type str has no attribute 'ljust'",
    "try:\n    beta.x\nexcept Exception as e:\n    e.obj": "has no attribute 'obj'",
    "try:\n    beta.x\nexcept Exception as e:\n    e.name": "has no attribute 'name'",
    "try:\n    beta.x\nexcept Exception as e:\n    e.add_note('')": "has no attribute 'add_note'",
    "try:\n    next(iter([]))\nexcept StopIteration as e:\n    e.value": "has no attribute 'value'",
    "''.encode().hex": "a value of type bytes has no attribute 'hex'",
    "''.maketrans({}).x": "a value of type dict has no attribute 'x'",
}

UNDEFINED = {
    "from math import factorial": "`math` has no `factorial` here",
    "import collections\ncollections.namedtuple": "`collections` has no `namedtuple` here",
    "from statistics import random": "`statistics` has no `random` here",
    "import statistics\nstatistics.sys": "`statistics` has no `sys` here",
    "getattr(episode, '_send')": "`getattr` is not defined here",
    "setattr(episode, 'steps', 1)": "`setattr` is not defined here",
    "type(episode)": "`type` is not defined here",
    "object()": "`object` is not defined here",
    "vars()": "`vars` is not defined here",
    "globals()": "`globals` is not defined here",
    "locals()": "`locals` is not defined here",
    "dir()": "`dir` is not defined here",
    "super()": "`super` is not defined here",
    "open('/etc/passwd')": "`open` is not defined here",
    "compile('1', '', 'eval')": "`compile` is not defined here",
    "id(episode)": "`id` is not defined here",
    "hash('a')": "`hash` is not defined here",
    "bytes(1)": "`bytes` is not defined here",
    "memoryview": "`memoryview` is not defined here",
    "BaseException": "`BaseException` is not defined here",
}


@pytest.mark.parametrize("text", UNDEFINED)
def test_a_name_that_is_not_defined_is_refused_before_it_runs(text: str) -> None:
    [result] = examine(body(text))
    assert result.line == 2 + text.count("\n")
    assert result.reason.startswith(UNDEFINED[text])


@pytest.mark.parametrize("text", ATTACKS)
def test_escapes_are_refused_at_the_access(text: str) -> None:
    result = fault(text)
    assert result.reason is Reason.RAISED
    assert ATTACKS[text] in result.text


def test_a_fault_has_its_location() -> None:
    result = fault("x = 1\nreturn str(x +   1 // 0)\n")
    assert (result.line, result.column) == (3, 22)
    assert result.text == "ZeroDivisionError: integer division or modulo by zero"


def test_a_fault_contains_no_object_of_the_controller() -> None:
    assert fault("raise ValueError({'a': 1}, 'words')").text == "ValueError: words"


def test_a_fault_is_cut_short() -> None:
    assert len(fault("raise ValueError('x' * 100_000)").text) == 300


ENDLESS = [
    "while True: pass",
    "while True:\n    try:\n        while True: pass\n    except Exception:\n        pass",
    "for x in range(1_000_000):\n    for y in range(1_000_000): pass",
    "def ever():\n    while True:\n        yield 1\nfor x in ever(): pass",
    "while True:\n    try:\n        episode.prune([])\n    except Exhausted:\n        pass",
]


@pytest.mark.parametrize("text", ENDLESS)
def test_a_loop_without_end_runs_out_of_turns(text: str) -> None:
    assert fault(text).reason is Reason.TOO_MANY_TURNS


def test_a_call_without_end_runs_out_of_depth() -> None:
    result = fault("def again(): again()\nagain()", most_turns=10**9)
    assert result.reason is Reason.MEMORY
    assert result.text == "it recurses too deeply"


def test_state_ends_with_the_episode() -> None:
    text = "global count_of\ntry:\n    count_of += 1\nexcept Exception:\n    count_of = 0\n"
    assert [answer(f"{text}return str(count_of)") for _ in range(2)] == ["0", "0"]


def test_no_name_is_a_module_a_frame_or_a_metaclass() -> None:
    for name, result in {**BUILTINS, **guarded_globals({}, 1, {})}.items():
        assert not isinstance(result, types.ModuleType | types.FrameType), name
        assert result not in (type, object, super, BaseException, getattr, open), name


def test_no_facade_shows_a_module() -> None:
    for facade in MODULE_FACADES.values():
        for result in facade._names.values():
            assert not isinstance(result, types.ModuleType)
            assert not inspect.isclass(result) or result.__module__ == "collections"


def test_no_attribute_that_may_be_read_is_private_or_formats() -> None:
    for kind, names in ATTRIBUTES.items():
        for name in names:
            assert not name.startswith("_")
            assert name not in {"format", "format_map", "mro"}, kind


def test_code_of_a_controller_may_do_ordinary_things() -> None:
    text = """
        from collections import Counter, deque, defaultdict
        import statistics
        counts = Counter(branch.answer for branch in episode.open(4))
        (first, votes_of_first), *rest = counts.most_common()
        groups = defaultdict(list)
        for place, (a, b) in enumerate(zip([1, 2], ["x", "y"])):
            groups[b].append(a + place)
        groups["x"] += [5]
        last = deque([1, 2, 3], maxlen=2)
        last.append(4)
        middle = statistics.median([*last])
        def added(*numbers, **more):
            return sum(numbers) + sum(more.values())
        total = added(*[1, 2], **{"c": 3})
        shown = ", ".join(sorted(groups)) + f"{middle:.1f}" + "%d" % total
        return f"{first} {votes_of_first} {groups['x']} {shown}"
    """
    assert answer(text) == "7 3 [1, 5] x, y3.56"


SHOWN = {
    "repr(episode)": "<episode>",
    "str(episode)": "<episode>",
    "f'{episode}'": "<episode>",
    "'%s' % (episode,)": "<episode>",
    "repr(window(2))": "<window []>",
    "repr(lambda: 1)": "<function controller.<locals>.<lambda>>",
    "f'{winner!r}'": "<function winner>",
    "str([episode.open])": "[<bound method episode.open of <episode>>]",
    "'%r' % iter([])": "<list_iterator object>",
    "f'{map(abs, [])!s}'": "<map object>",
    "f'{[iter(())]!a}'": "[<tuple_iterator object>]",
    "' '.join(map(str, [iter({})]))": "<dict_keyiterator object>",
}
"""Values that Python shows with their address."""


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_shown_of_a_value_is_the_same_in_every_run(text: str) -> None:
    assert answer(f"return {text}") == SHOWN[text]


def test_an_exception_contains_no_address() -> None:
    text = "try:\n    [].index(winner)\nexcept ValueError as e:\n    return {}"
    for shown in ("str(e)", "e.args[0]", "f'{e}'"):
        message = answer(text.replace("{}", shown))
        assert message is not None
        assert "0x" not in message


def test_texts_of_plain_values_are_those_of_python() -> None:
    text = "return f'{0.5:>6.2f}|{7:03d}|{chr(97)!r}|{True}|{None}|' + '%d|' % 3 + str(7 % 4)"
    assert answer(text) == "  0.50|007|'a'|True|None|3|3"
    assert answer("return str('mine at 0x1f') + str(isinstance('a', (int, str)))") == (
        "mine at 0x1fTrue"
    )


WORDS = {
    "votes = {'a': 1, 'b': 3}\nreturn max(votes, key=votes.get)": "b",
    "return min(['bb', 'a'], key=len)": "a",
    "return max([], key=len, default='x')": "x",
    "return max([], key=len)": None,
    "return str(max([], default=3)) + str(max([])) + str(max(2, 3))": "303",
    "return str(sum([1, 2], 3)) + chr(ord('a') + 1)": "6b",
    "x = [1, 2]\nx[1] += 3\nreturn str(x)": "[1, 5]",
}


@pytest.mark.parametrize("text", WORDS)
def test_words_of_python_mean_what_they_mean_there(text: str) -> None:
    assert answer(text) == WORDS[text]


LINES = {
    "x = 1\nreturn 42": "an answer is a text or None, not a value of type int",
    "x = 1\nepisode.answer([])": "an answer is a text or None, not a value of type list",
    "x = 1\nreturn '\\ud800'": "an answer contains a surrogate, which is not a character",
    "x = 1\nepisode.open(1, because='\\udfff')": "a reason contains a surrogate",
    "x = 1\nraise ValueError(7 ** 1000 * 7 ** 1000)": "an integer too long to show",
    "x = 1\nepisode.open()": "episode.open() missing 1 required positional argument: 'count'",
    "x = 1\nsum(3)": "`sum` needs an iterable, not a value of type int",
    "x = 1\nwinner([], by=3)": "winner() got an unexpected keyword argument 'by'",
}


@pytest.mark.parametrize("text", LINES)
def test_every_failure_has_its_line_and_no_inner_name(text: str) -> None:
    result = fault(text)
    assert (result.reason, result.line) == (Reason.RAISED, 3)
    assert LINES[text] in result.text
    assert "_" not in result.text.replace("unexpected_keyword", "")


def test_a_burst_beyond_any_integer_is_the_longest_one() -> None:
    text = "episode.open(2 ** 70)\nepisode.advance(episode.active, burst=2 ** 64)\nreturn {}"
    assert answer(text.replace("{}", "winner(episode.finished)")) == "7"


def test_the_text_of_an_exception_forges_no_line() -> None:
    message = fault("raise ValueError('a\\nerror: b\\r\\x1b[31m\\u2028\\u202e\\x85\\ud800')").text
    assert message == r"ValueError: a\nerror: b\r\x1b[31m\u2028\u202e\x85\ud800"

"""The first wall, inside: what the code of a controller can reach while it runs."""

import inspect
import types

import pytest

from sandbox.faults import Reason
from sandbox.python.guards import ATTRIBUTES, BUILTINS, guarded_globals
from sandbox.python.modules import FACADES
from tests.sandbox.playing import answer, fault

ATTACKS = {
    "return '{0.steps}'.format(episode)": "a value of type str has no attribute 'format'",
    "return str.format('{0.steps}', episode)": "a value of type type has no attribute 'format'",
    "f = 'x'.format_map": "a value of type str has no attribute 'format_map'",
    "str.join": "a value of type type has no attribute 'join'",
    "int.mro()": "a value of type type has no attribute 'mro'",
    "controller.steps": "a value of type function has no attribute 'steps'",
    "episode.open.im_self": "a value of type method has no attribute 'im_self'",
    "(x for x in ()).send(None)": "a value of type generator has no attribute 'send'",
    "(x for x in ()).throw(ValueError)": "a value of type generator has no attribute 'throw'",
    "getattr(episode, '_send')": "name 'getattr' is not defined",
    "setattr(episode, 'steps', 1)": "name 'setattr' is not defined",
    "type(episode)": "name 'type' is not defined",
    "object()": "name 'object' is not defined",
    "vars()": "name 'vars' is not defined",
    "globals()": "name 'globals' is not defined",
    "locals()": "name 'locals' is not defined",
    "dir()": "name 'dir' is not defined",
    "super()": "name 'super' is not defined",
    "open('/etc/passwd')": "name 'open' is not defined",
    "compile('1', '', 'eval')": "name 'compile' is not defined",
    "id(episode)": "name 'id' is not defined",
    "hash('a')": "name 'hash' is not defined",
    "bytes(1)": "name 'bytes' is not defined",
    "memoryview": "name 'memoryview' is not defined",
    "BaseException": "name 'BaseException' is not defined",
    "import statistics\nstatistics.sys": "statistics has no 'sys' here",
    "from statistics import random": "cannot import name 'random'",
    "import collections\ncollections.namedtuple": "collections has no 'namedtuple' here",
    "from math import factorial": "cannot import name 'factorial'",
    "import math\nmath['pi'] = 3": "a value of type Facade cannot be changed",
    "episode[0]": "a value of type ShownEpisode has no items",
    "episode.opened[0] = 1": "a value of type Branches cannot be changed",
    "list[int]": "a value of type type has no items",
    "for x in episode: pass": "a value of type ShownEpisode cannot be gone through",
    "for x in int: pass": "a value of type type cannot be gone through",
    "next(episode)": "a value of type ShownEpisode cannot be gone through",
    "[a for a, b in episode]": "a value of type ShownEpisode cannot be gone through",
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


@pytest.mark.parametrize("text", ATTACKS)
def test_what_leads_out_is_refused_where_it_is_reached(text: str) -> None:
    found = fault(text)
    assert found.reason is Reason.RAISED
    assert ATTACKS[text] in found.text


def test_a_fault_has_its_place() -> None:
    found = fault("x = 1\nreturn str(x +   1 // 0)\n")
    assert (found.line, found.column) == (3, 22)
    assert found.text == "ZeroDivisionError: integer division or modulo by zero"


def test_a_fault_tells_nothing_of_an_object_of_the_controller() -> None:
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
    found = fault("def again(): again()\nagain()", most_turns=10**9)
    assert found.reason is Reason.MEMORY
    assert found.text == "it calls itself too deeply"


def test_what_is_remembered_ends_with_the_episode() -> None:
    text = "global count_of\ntry:\n    count_of += 1\nexcept Exception:\n    count_of = 0\n"
    assert [answer(f"{text}return str(count_of)") for _ in range(2)] == ["0", "0"]


def test_no_name_stands_for_a_module_a_frame_or_a_type_of_types() -> None:
    for name, found in {**BUILTINS, **guarded_globals({}, 1, {})}.items():
        assert not isinstance(found, types.ModuleType | types.FrameType), name
        assert found not in (type, object, super, BaseException, getattr, open), name


def test_no_facade_shows_a_module() -> None:
    for facade in FACADES.values():
        for found in facade._names.values():
            assert not isinstance(found, types.ModuleType)
            assert not inspect.isclass(found) or found.__module__ == "collections"


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

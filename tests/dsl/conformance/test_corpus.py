"""The corpus itself: it is read whole, it can fail, and nothing of the language is left out."""

from dataclasses import replace

import pytest

from dsl import builtins, tree
from dsl.episode import AnyVerb
from dsl.parser import parse
from dsl.source import Source
from dsl.traversal import walk
from tests.dsl.conformance import test_conformance
from tests.dsl.conformance.cases import BadCase, Case, parse_cases, read_corpus
from tests.dsl.conformance.engines import interpreter

ONE = """
== one
chain A | 150 B
program
  start { open 1 }
  finally { answer winner(opened) }
trace
  open 1
  answer "A"
tokens 100
sequential 100
"""


def programs() -> list[tree.Program]:
    parsed = [parse(Source(case.program, case.place)).program for case in read_corpus()]
    return [program for program in parsed if program is not None]


def test_the_corpus_holds_cases_of_every_kind() -> None:
    cases = read_corpus()
    assert sum(case.trace is not None for case in cases) >= 85
    assert sum(case.answer is not None for case in cases) >= 250
    assert sum(case.twin is not None for case in cases) >= 15
    assert len({(case.place, case.name) for case in cases}) == len(cases)


def test_every_builtin_has_a_case() -> None:
    nodes = [node for program in programs() for node in walk(program)]
    message = {node.text for node in nodes if isinstance(node, tree.Name | tree.Field)}
    message |= {node.function.text for node in nodes if isinstance(node, tree.Call)}
    known = {*builtins.SETS, *builtins.VALUES, *builtins.ATTRIBUTES, *builtins.FUNCTIONS}
    assert known - message == set()


def test_every_construct_of_the_language_has_a_case() -> None:
    found = {type(node) for program in programs() for node in walk(program)}
    constructs = {
        kind
        for kind in vars(tree).values()
        if isinstance(kind, type) and issubclass(kind, tree.Node) and kind is not tree.Node
    }
    assert constructs - found == set()


def test_every_verb_of_the_episode_interface_has_a_case() -> None:
    verbs = set()
    for case in read_corpus():
        if case.trace is not None:
            verbs |= {line.split()[0] for line in case.trace}
    spelt = {kind.__name__.lower() for kind in AnyVerb.__args__}
    assert verbs == spelt | {"extend"}


@pytest.mark.parametrize(
    "change",
    [
        {"tokens": 101},
        {"sequential": 99},
        {"trace": ("open 1", 'answer "B"')},
        {"trace": ("open 2", 'answer "A"')},
        {"trace": ('answer "A"',)},
        {"trace": ("open 1 unseen", 'answer "A"')},
    ],
    ids=str,
)
def test_wrong_expectation_fails(change: dict[str, object]) -> None:
    (case,) = parse_cases(ONE, "one.cases")
    test_conformance.test_episode_matches_the_corpus(case, interpreter)
    wrong: Case = replace(case, **change)  # type: ignore[arg-type]
    with pytest.raises(AssertionError):
        test_conformance.test_episode_matches_the_corpus(wrong, interpreter)


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("count(opened) -> 2", True),
        ("count(opened) -> 1", False),
        ("opened -> [0 1]", True),
        ("opened -> [1 0]", False),
        ("opened -> [0]", False),
        ("opened -> [0 1 2]", False),
        ("opened where false -> []", True),
        ("opened -> []", False),
        ("winner(finished) -> none", True),
    ],
)
def test_a_value_can_fail(value: str, holds: bool) -> None:
    text = (
        f"== v\nchain A | 150 B\nchain B | 150 B\nprogram\n  start {{ open 2 }}\nvalues\n  {value}"
    )
    (case,) = parse_cases(text, "v.cases")
    if holds:
        test_conformance.test_value_matches_the_corpus(case, interpreter)
    else:
        with pytest.raises(AssertionError):
            test_conformance.test_value_matches_the_corpus(case, interpreter)


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_chains_open_in_the_order_in_which_they_are_written(seed: int) -> None:
    chains = "\n".join(f"chain A{i} | 150 A{i}" for i in range(9))
    text = f"== order\n{chains}\nseed {seed}\nprogram\n  start {{ open 9 }}\nvalues\n"
    values = "\n".join(f'  winner(opened where .index == {i}) -> "A{i}"' for i in range(9))
    for case in parse_cases(text + values, "order.cases"):
        test_conformance.test_value_matches_the_corpus(case, interpreter)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ONE.replace("tokens 100", "token 100"), "one.cases:10: `token` begins no line of a case"),
        (ONE.replace("tokens 100\n", ""), "one.cases:2: a case needs `trace`, `tokens`"),
        (ONE.replace("| 150 B", "150 B"), "one.cases:3: 'chain A 150 B' is not understood"),
        ("deck five\n" + ONE, "one.cases:1: a line stands before the first `==`"),
        ("== v\nvalues\n  1 + 1 = 2\n", "one.cases:1: '1 + 1 = 2' has no `->`"),
        ("== v\ndeck five\n", "one.cases:2: 'deck five' is not understood"),
    ],
)
def test_error_in_a_case_names_its_line(text: str, message: str) -> None:
    with pytest.raises(BadCase) as caught:
        parse_cases(text, "one.cases")
    assert str(caught.value).startswith(message)

"""Every program that variation creates passes the checker without diagnostics."""

from itertools import islice
from random import Random

import pytest

from agents.variation import cross, generate, tidy, vary
from agents.variation.mutation import OPERATORS
from agents.variation.program_edit import ProgramEdit
from dsl import tree
from dsl.parser import parse
from dsl.source import Source
from dsl.traversal import is_equivalent, walk
from tests.agents.variation.programs import (
    build_lineage,
    collect_diagnostics,
    load_written_programs,
)
from tests.dsl.typed_programs import seeded_program

LEFT_ALONE = {"RH507", "RH508", "RH602", "RH603"}
"""Diagnostics of handwritten programs that variation does not repair."""


@pytest.mark.parametrize("name", load_written_programs())
def test_descendants_of_every_controller_are_sound(name: str) -> None:
    random = Random(name)
    current = load_written_programs()[name]
    for _ in range(12):
        variant = vary(current, random)
        if variant is not None:
            assert collect_diagnostics(variant.program) == [], variant.summary
            current = variant.program


@pytest.mark.parametrize(
    "operator", [operator for _, operator in OPERATORS], ids=lambda o: o.__name__
)
def test_every_operator_applies_to_some_controller_and_is_sound(operator) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    random = Random(operator.__name__)
    tried = (
        operator(ProgramEdit(current, random))
        for current in load_written_programs().values()
        for _ in range(3)
    )
    variants = list(islice((variant for variant in tried if variant is not None), 6))
    assert variants
    assert [variant.summary for variant in variants if collect_diagnostics(variant.program)] == []


def test_mutations_read_the_named_signals_of_the_recordings() -> None:
    random = Random(11)
    recorded = ("certainty", "reward")
    reading = 0
    for first in load_written_programs().values():
        current = first
        for _ in range(8):
            variant = vary(current, random, recorded)
            if variant is not None:
                current = variant.program
                assert collect_diagnostics(current) == [], variant.summary
        needed = {word.text for word in current.needs} & {*recorded}
        read = {node.text[1:] for node in walk(current) if isinstance(node, tree.Field)}
        assert needed == read & {*recorded}
        reading += bool(needed)
    assert reading >= 2


def test_mutations_without_signals_draw_the_same_as_before() -> None:
    for seed, current in enumerate(load_written_programs().values()):
        plain, empty = vary(current, Random(seed)), vary(current, Random(seed), ())
        assert (plain is None) == (empty is None)
        if plain is not None and empty is not None:
            assert is_equivalent(plain.program, empty.program)


def test_mutations_read_no_signal_of_a_name_that_a_program_cannot_read() -> None:
    for seed, current in enumerate(load_written_programs().values()):
        for number in range(10):
            variant = vary(current, Random(100 * seed + number), ("count", "depth"))
            if variant is not None:
                assert not {word.text for word in variant.program.needs} & {"count", "depth"}


def test_a_signal_gets_a_value_where_a_change_takes_away_that_the_branch_has_finished() -> None:
    text = """
    needs reward
    controller c {
      start { open 9 }
      step { advance active }
      finally { answer winner(alive where .finished and .streak > 1, weight = .reward) else none }
    }"""
    current = parse(Source(text)).program
    assert current is not None
    random = Random(0)
    for _ in range(200):
        variant = vary(current, random)
        if variant is not None:
            assert not [d for d in collect_diagnostics(variant.program) if d.is_error]


def test_crossovers_of_controllers_are_sound() -> None:
    random = Random(2)
    pool = list(load_written_programs().values())
    pairs = [(random.choice(pool), random.choice(pool)) for _ in range(60)]
    variants = [
        variant for variant in (cross(*pair, random) for pair in pairs) if variant is not None
    ]
    assert len(variants) > 20
    assert [variant.summary for variant in variants if collect_diagnostics(variant.program)] == []


def test_random_programs_are_sound() -> None:
    assert [seed for seed in range(30) if collect_diagnostics(generate(Random(seed)))] == []


def test_mutations_of_every_language_construct_are_sound() -> None:
    random = Random(3)
    for seed in range(20):
        parsed = parse(Source(seeded_program(seed))).program
        assert parsed is not None
        current = tidy(parsed)
        for _ in range(4):
            assert {diagnostic.code for diagnostic in collect_diagnostics(current)} <= LEFT_ALONE
            variant = vary(current, random)
            current = current if variant is None else variant.program


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", range(2))
def test_long_lineages_are_sound(part: int) -> None:
    pool = list(load_written_programs().values())
    for seed in range(5 * part, 5 * (part + 1)):
        for current in build_lineage(seed, 60, pool):
            assert collect_diagnostics(current) == [], seed


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_operator_is_sound_on_every_language_construct() -> None:
    random = Random(5)
    parsed = [parse(Source(seeded_program(seed))).program for seed in range(20)]
    pool = [tidy(program) for program in parsed if program is not None]
    for current in pool:
        for _, operator in OPERATORS:
            variant = operator(ProgramEdit(current, random))
            if variant is not None:
                codes = {diagnostic.code for diagnostic in collect_diagnostics(variant.program)}
                assert codes <= LEFT_ALONE, (operator.__name__, variant.summary)

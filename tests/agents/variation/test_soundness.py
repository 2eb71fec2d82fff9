"""Every program that variation creates passes the checker without diagnostics."""

from itertools import islice
from random import Random

import pytest

from agents.variation import cross, generate, tidy, vary
from agents.variation.mutation import OPERATORS
from agents.variation.program_edit import ProgramEdit
from dsl.parser import parse
from dsl.source import Source
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

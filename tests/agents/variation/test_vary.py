"""Mutation: reproducibility, variety, program size and summaries."""

from collections import Counter
from random import Random

import pytest

from agents.variation import ProgramVariant, compute_size, generate, vary
from agents.variation.knob_operators import hoist_number
from agents.variation.program_edit import LARGEST, ProgramEdit
from dsl import tree
from dsl.checker.symbols import schedule_lines
from dsl.formatter import print_tree
from dsl.parser import parse
from dsl.source import Source
from dsl.traversal import is_equivalent, walk
from tests.agents.variation.programs import load_written_programs, mutate_repeatedly, program


def collect_variants(start: tree.Program, count: int, seed: int = 1) -> list[ProgramVariant]:
    random = Random(seed)
    variants: list[ProgramVariant] = []
    while len(variants) < count:
        variant = vary(start, random)
        if variant is not None:
            variants.append(variant)
    return variants


def test_equal_seeds_give_equal_programs() -> None:
    for start in load_written_programs().values():
        first, second = (mutate_repeatedly(start, Random(7), 4) for _ in range(2))
        assert print_tree(first) == print_tree(second)
    assert is_equivalent(generate(Random(7)), generate(Random(7)))


def test_mutation_does_not_change_its_input() -> None:
    start = load_written_programs()["library cmc"]
    before = print_tree(start)
    collect_variants(start, 40)
    assert print_tree(start) == before


def test_variant_differs_from_its_input() -> None:
    start = load_written_programs()["seed widening"]
    assert not any(is_equivalent(variant.program, start) for variant in collect_variants(start, 60))


@pytest.mark.slow
def test_most_of_200_mutations_are_distinct() -> None:
    variants = collect_variants(load_written_programs()["seed parallel_probe"], 200)
    assert len({print_tree(variant.program) for variant in variants}) > 150


def test_random_programs_are_distinct() -> None:
    assert len({print_tree(generate(Random(seed))) for seed in range(40)}) > 38


ORDERED = """
controller ordered {
  schedule { rising n = round(4 + 8 * beta) }
  start { open n }
  step { advance first 3 of (active by .depth) }
  finally { answer winner(finished) else winner(alive) }
}
"""


@pytest.mark.slow
def test_every_operator_is_selected_eventually() -> None:
    pool = list(load_written_programs().values())
    random = Random(4)
    counts: Counter[str] = Counter()
    following: Counter[str] = Counter()
    for _ in range(1000):
        start = random.choice(pool)
        variant = vary(start, random)
        if variant is not None:
            counts[variant.operator] += 1
            following[variant.operator] += schedule_lines(start) != {}
    assert {
        "tweak", "reshape", "hoist", "inline", "release", "other set", "narrow", "widen",
        "measure", "weight", "smooth", "add condition", "drop condition",
        "turn condition", "other condition", "sustain", "burst", "acts on", "look", "amount",
        "read inside", "stopping rule", "pruning rule", "opening rule", "pacing rule", "delete",
        "move", "guard", "unguard", "subtree", "shrink", "answer",
    } <= set(counts)  # fmt: skip
    # Evolution meets only programs that follow β.
    assert 0.3 < following["tweak"] / following.total() < 0.5


def test_sort_key_can_change() -> None:
    program = parse(Source(ORDERED)).program
    assert program is not None
    random = Random(4)
    variants = [vary(program, random) for _ in range(400)]
    assert any(variant is not None and variant.operator == "other key" for variant in variants)


def test_summary_is_one_clause() -> None:
    for variant in collect_variants(load_written_programs()["library cmc"], 80):
        assert variant.summary
        assert "\n" not in variant.summary
        assert variant.summary.count("`") % 2 == 0
        assert not any(hole in variant.summary for hole in ("VOTERS", "SURENESS", "LEADER"))


def test_program_size_stays_below_the_limit() -> None:
    random = Random(11)
    current = load_written_programs()["library cmc"]
    for _ in range(60):
        variant = vary(current, random)
        if variant is not None:
            assert compute_size(variant.program) <= max(LARGEST, compute_size(current))
            current = variant.program


@pytest.mark.slow
def test_oversized_program_can_shrink() -> None:
    rules = "\n".join(f"if steps > {index} {{ prune first 1 of active }}" for index in range(60))
    large = program(
        f"controller c {{ start {{ open 9 }} step {{ advance active {rules} }}"
        " finally { answer winner(alive) } }"
    )
    assert compute_size(large) > LARGEST
    assert all(
        compute_size(variant.program) <= compute_size(large)
        for variant in collect_variants(large, 20)
    )


def test_steps_open_a_bounded_number_of_branches() -> None:
    random = Random(6)
    for _ in range(40):
        mutant = mutate_repeatedly(load_written_programs()["seed widening"], random, 6)
        for section in mutant.sections:
            if isinstance(section, tree.Step):
                for node in walk(section):
                    if isinstance(node, tree.Open):
                        assert "- count(" in print_tree(mutant), print_tree(mutant)


def test_the_numbers_of_a_branch_window_become_knobs() -> None:
    start = load_written_programs()["running"]
    random = Random(3)
    variants = [hoist_number(ProgramEdit(start, random)) for _ in range(60)]
    texts = [print_tree(variant.program) for variant in variants if variant is not None]
    assert any("window(span_2) of -.top_logprob" in text for text in texts)
    assert any(
        "mean(.recent) - factor" in text or "mean(.recent) - level" in text for text in texts
    )

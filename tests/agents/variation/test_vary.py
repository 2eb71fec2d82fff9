"""What mutation promises: chance from its source alone, variety, brevity, words."""

from collections import Counter
from random import Random

import pytest

from agents.variation import ProgramVariant, compute_size, generate, vary
from agents.variation.program_edit import LARGEST
from dsl import tree
from dsl.formatter import print_tree
from dsl.parser import parse
from dsl.source import Source
from dsl.traversal import is_equivalent, walk
from tests.agents.variation.programs import descendant, program, written


def variants(found: tree.Program, count: int, seed: int = 1) -> list[ProgramVariant]:
    random = Random(seed)
    made: list[ProgramVariant] = []
    while len(made) < count:
        variant = vary(found, random)
        if variant is not None:
            made.append(variant)
    return made


def test_the_same_seed_gives_the_same_program() -> None:
    for found in written().values():
        first, second = (descendant(found, Random(7), 4) for _ in range(2))
        assert print_tree(first) == print_tree(second)
    assert is_equivalent(generate(Random(7)), generate(Random(7)))


def test_the_program_that_is_varied_stays_as_it_was() -> None:
    found = written()["library cmc"]
    before = print_tree(found)
    variants(found, 40)
    assert print_tree(found) == before


def test_a_variant_is_never_the_program_itself() -> None:
    found = written()["seed widening"]
    assert not any(is_equivalent(each.program, found) for each in variants(found, 60))


@pytest.mark.slow
def test_two_hundred_mutations_of_a_program_are_mostly_different() -> None:
    made = variants(written()["seed parallel_probe"], 200)
    assert len({print_tree(each.program) for each in made}) > 150


def test_random_programs_are_all_different() -> None:
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
def test_every_kind_of_change_comes_up() -> None:
    pool = list(written().values())
    random = Random(4)
    found: Counter[str] = Counter()
    for _ in range(1000):
        variant = vary(random.choice(pool), random)
        if variant is not None:
            found[variant.operator] += 1
    assert {
        "tweak", "reshape", "hoist", "inline", "release", "other set", "narrow", "widen",
        "measure", "weight", "smooth", "add condition", "drop condition",
        "turn condition", "other condition", "sustain", "burst", "acts on", "look", "amount",
        "read inside", "stopping rule", "pruning rule", "opening rule", "pacing rule", "delete",
        "move", "guard", "unguard", "subtree", "shrink", "answer",
    } <= set(found)  # fmt: skip
    # Only programs with free knobs, which evolution never meets, have something to release.
    assert 0.3 < found["tweak"] / (found.total() - found["release"]) < 0.5


def test_the_key_of_an_order_may_change() -> None:
    program = parse(Source(ORDERED)).program
    assert program is not None
    random = Random(4)
    variants = [vary(program, random) for _ in range(400)]
    assert any(each is not None and each.operator == "other key" for each in variants)


def test_words_are_one_plain_sentence() -> None:
    for each in variants(written()["library cmc"], 80):
        assert each.summary
        assert "\n" not in each.summary
        assert each.summary.count("`") % 2 == 0
        assert not any(hole in each.summary for hole in ("VOTERS", "SURENESS", "LEADER"))


def test_programs_do_not_outgrow_their_readers() -> None:
    random = Random(11)
    found = written()["library cmc"]
    for _ in range(60):
        variant = vary(found, random)
        if variant is not None:
            assert compute_size(variant.program) <= max(LARGEST, compute_size(found))
            found = variant.program


@pytest.mark.slow
def test_a_program_that_is_too_large_may_still_shrink() -> None:
    rules = "\n".join(f"if steps > {at} {{ prune first 1 of active }}" for at in range(60))
    large = program(
        f"controller c {{ start {{ open 9 }} step {{ advance active {rules} }}"
        " finally { answer winner(alive) } }"
    )
    assert compute_size(large) > LARGEST
    assert all(compute_size(each.program) <= compute_size(large) for each in variants(large, 20))


def test_a_step_never_opens_without_a_bound() -> None:
    random = Random(6)
    for _ in range(40):
        found = descendant(written()["seed widening"], random, 6)
        for section in found.sections:
            if isinstance(section, tree.Step):
                for node in walk(section):
                    if isinstance(node, tree.Open):
                        assert "- count(" in print_tree(found), print_tree(found)

"""What a program receives of another one comes with all that it depends on."""

from random import Random

from agents.variation import ProgramVariant, cross
from dsl import tree
from dsl.formatter import print_tree
from dsl.traversal import is_equivalent
from tests.agents.variation.programs import collect_diagnostics, load_written_programs, program

PLAIN = """controller plain {
  schedule { rising patience = round(2 + 6 * beta) }
  start { open patience }
  step { advance active }
  finally { answer winner(alive) }
}"""


def crossings(receiver: tree.Program, donor: tree.Program, operator: str) -> list[ProgramVariant]:
    random = Random(1)
    variants = [cross(receiver, donor, random) for _ in range(300)]
    return [variant for variant in variants if variant is not None and variant.operator == operator]


def texts(variants: list[ProgramVariant]) -> list[str]:
    return [print_tree(variant.program) for variant in variants]


def test_rule_is_copied_with_its_knobs_memory_and_updates() -> None:
    variants = crossings(
        program(PLAIN), load_written_programs()["library parallel_probe"], "cross rules"
    )
    stopping = next(text for text in texts(variants) if "the majority is stable" in text)
    assert "stable" in stopping
    assert "unchanged = 0" in stopping
    assert "unchanged = if now == leader" in stopping
    assert "leader    = now" in stopping
    assert "let now = winner(alive)" in stopping


def test_rule_is_copied_with_its_fields() -> None:
    variants = crossings(
        program(PLAIN), load_written_programs()["library parallel_probe"], "cross rules"
    )
    pruning = next(text for text in texts(variants) if "prune active where .off_track" in text)
    assert "each branch { .off_track = 0 }" in pruning
    assert ".off_track = if .answer == vote" in pruning


def test_conflicting_names_are_renamed() -> None:
    variants = crossings(
        program(PLAIN), load_written_programs()["library parallel_probe"], "cross rules"
    )
    pruning = next(text for text in texts(variants) if "prune active where .off_track" in text)
    assert ".off_track >= patience_2" in pruning
    assert "open patience" in pruning


def test_knobs_that_a_knob_depends_on_are_copied() -> None:
    donor = program(
        "controller d { knobs { k = 4 in 1..9 } schedule { rising m = k + round(3 * beta) }"
        " start { open 5 } step { advance active prune active where .depth > m }"
        " finally { answer winner(alive) } }"
    )
    variants = crossings(program(PLAIN), donor, "cross rules")
    pruning = next(text for text in texts(variants) if ".depth > m" in text)
    assert "k = 4 in 1..9" in pruning
    assert "m        = k + round(3 * beta)" in pruning


def test_signal_is_not_added_to_a_program_without_it() -> None:
    variants = crossings(
        program(PLAIN), load_written_programs()["library entropy_gate"], "cross rules"
    )
    assert all(variant.program.needs == () for variant in variants)
    assert [text for text in texts(variants) if ".entropy" in text] == []


def test_schedule_lines_of_equal_name_can_be_copied() -> None:
    donor = program(PLAIN.replace("2 + 6 * beta", "5 + 9 * beta"))
    (first, *_) = crossings(program(PLAIN), donor, "cross numbers")
    assert print_tree(first.program) == print_tree(donor)


def test_expressions_replace_expressions_of_the_same_purpose() -> None:
    donor, receiver = (
        load_written_programs()["library cmc"],
        load_written_programs()["seed settling"],
    )
    variants = crossings(receiver, donor, "cross parts")
    assert variants
    assert all(collect_diagnostics(variant.program) == [] for variant in variants[:20])


def test_equal_seeds_give_equal_crossovers() -> None:
    pair = load_written_programs()["library cmc"], load_written_programs()["library parallel_probe"]
    for seed in range(12):
        first, second = (cross(*pair, Random(seed)) for _ in range(2))
        assert (first is None) == (second is None)
        if first is not None and second is not None:
            assert first.summary == second.summary
            assert is_equivalent(first.program, second.program)


def test_a_rule_brings_the_running_values_that_it_reads_and_their_windows() -> None:
    donor = load_written_programs()["running"]
    receiver = program(
        "needs logprob, top_logprob\ncontroller c { start { open 4 }"
        " step { advance active where .logprob + .top_logprob < 0 }"
        " finally { answer winner(alive) } }"
    )
    brought = [
        text for text in texts(crossings(receiver, donor, "cross rules")) if ".dips > 4" in text
    ]
    assert brought
    assert all("window(span) of .logprob" in text for text in brought)


def test_a_rule_whose_running_values_read_other_signals_is_not_taken() -> None:
    donor = load_written_programs()["running"]
    receiver = program(
        "controller c { start { open 4 } step { advance active } finally { answer winner(alive) } }"
    )
    variants = crossings(receiver, donor, "cross rules")
    assert not any(".dips" in text for text in texts(variants))

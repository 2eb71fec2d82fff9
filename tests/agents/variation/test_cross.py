"""What a program receives of another one comes with all that it depends on."""

from random import Random

from agents.variation import ProgramVariant, cross
from dsl import tree
from dsl.formatter import print_tree
from dsl.traversal import is_equivalent
from tests.agents.variation.programs import program, remarks, written

PLAIN = """controller plain {
  schedule { rising patience = round(2 + 6 * beta) }
  start { open patience }
  step { advance active }
  finally { answer winner(alive) }
}"""


def crossings(receiver: tree.Program, donor: tree.Program, operator: str) -> list[ProgramVariant]:
    random = Random(1)
    made = [cross(receiver, donor, random) for _ in range(300)]
    return [each for each in made if each is not None and each.operator == operator]


def texts(made: list[ProgramVariant]) -> list[str]:
    return [print_tree(each.program) for each in made]


def test_a_rule_brings_its_knobs_its_memory_and_what_keeps_that_up_to_date() -> None:
    made = crossings(program(PLAIN), written()["library parallel_probe"], "cross rules")
    stopping = next(text for text in texts(made) if "the majority is stable" in text)
    assert "stable" in stopping
    assert "unchanged = 0" in stopping
    assert "unchanged = if now == leader" in stopping
    assert "leader    = now" in stopping
    assert "let now = winner(alive)" in stopping


def test_a_rule_brings_its_fields() -> None:
    made = crossings(program(PLAIN), written()["library parallel_probe"], "cross rules")
    pruning = next(text for text in texts(made) if "prune active where .off_track" in text)
    assert "each branch { .off_track = 0 }" in pruning
    assert ".off_track = if .answer == vote" in pruning


def test_names_that_clash_are_called_otherwise() -> None:
    made = crossings(program(PLAIN), written()["library parallel_probe"], "cross rules")
    pruning = next(text for text in texts(made) if "prune active where .off_track" in text)
    assert ".off_track >= patience_2" in pruning
    assert "open patience" in pruning


def test_knobs_that_a_knob_is_made_of_come_along() -> None:
    donor = program(
        "controller d { knobs { k = 4 in 1..9 } schedule { rising m = k + round(3 * beta) }"
        " start { open 5 } step { advance active prune active where .depth > m }"
        " finally { answer winner(alive) } }"
    )
    made = crossings(program(PLAIN), donor, "cross rules")
    pruning = next(text for text in texts(made) if ".depth > m" in text)
    assert "k = 4 in 1..9" in pruning
    assert "m        = k + round(3 * beta)" in pruning


def test_a_signal_is_not_brought_to_a_program_that_does_without() -> None:
    made = crossings(program(PLAIN), written()["library entropy_gate"], "cross rules")
    assert all(each.program.needs == () for each in made)
    assert [text for text in texts(made) if ".entropy" in text] == []


def test_knobs_of_the_same_name_can_be_exchanged() -> None:
    donor = program(PLAIN.replace("2 + 6 * beta", "5 + 9 * beta"))
    (first, *_) = crossings(program(PLAIN), donor, "cross numbers")
    assert print_tree(first.program) == print_tree(donor)


def test_parts_stand_where_such_parts_stood() -> None:
    donor, receiver = written()["library cmc"], written()["seed settling"]
    made = crossings(receiver, donor, "cross parts")
    assert made
    assert all(remarks(each.program) == [] for each in made[:20])


def test_the_same_seed_crosses_alike() -> None:
    pair = written()["library cmc"], written()["library parallel_probe"]
    for seed in range(12):
        first, second = (cross(*pair, Random(seed)) for _ in range(2))
        assert (first is None) == (second is None)
        if first is not None and second is not None:
            assert first.summary == second.summary
            assert is_equivalent(first.program, second.program)

"""Conditions with one outcome, and votes over unrevealed answers, are reported; others are not."""

import pytest

from dsl import library
from dsl.program import analyse_program
from dsl.source import Source
from dsl.types import Type

FINALLY = "finally { answer winner(finished) else winner(alive) }"
KNOBS = "knobs { n = 4 in 1..8  hold = 0 in 0..9  level = 90 in 80..99 }"
SCHEDULE = "schedule { rising steep = 2 + beta  rising gentle = 0.5 + beta }"


def codes(body: str, needs: str = "") -> list[str]:
    text = f"{needs} controller c {{ {body} {FINALLY} }}"
    return [diagnostic.code for diagnostic in analyse_program(Source(text)).diagnostics]


def condition_codes(condition: str) -> list[str]:
    """Return the codes for a step that stops under a condition."""
    body = (
        f"{KNOBS} {SCHEDULE} start {{ open n }} step {{ advance active if {condition} {{ stop }} }}"
    )
    found = codes(body, "needs logprob")
    return [code for code in found if code not in {"RH701", "RH703", "RH705"}]


@pytest.mark.parametrize(
    "condition",
    [
        "confidence(alive) > 95",
        "confidence(alive) > level",
        "share(alive) > 1",
        "share(alive) > steep",
        "1 < margin(alive)",
        "share(alive, weight = 1 + .streak) > 1",
        "share(alive) + margin(alive) > 2",
        "not empty(active where .logprob > 0)",
        "not empty(active where .streak < 0)",
        "not empty(active where .depth < 1)",
        "max(.logprob of active) > 0.5",
        "sum(.logprob of active) > 0",
        "min(0.5, share(alive)) > 0.5",
        "clamp(steps, 0, 3) > 3",
        "abs(steps) < 0",
        "share(alive) / 2 > 0.5",
        "count(active) == 0 - 1",
        "2 * (if steps > 3 then 1 else 2) > 4 + steps",
        "steps >= 0",
        "share(alive) != 2",
        "spent <= 0 - 1",
    ],
)
def test_condition_with_one_outcome_is_reported(condition: str) -> None:
    assert condition_codes(condition) == ["RH509"]


@pytest.mark.parametrize(
    "condition",
    [
        "confidence(alive) > 0.95",
        "share(alive) >= 1",
        "share(alive) > gentle",
        "share(alive, weight = .logprob) > 1",
        "margin(alive, weight = .streak - 2) > 1",
        "max(.streak of active) >= hold",
        "sum(.streak of active) > 100",
        "max(.logprob of active) > -0.5",
        "share(alive) / steps > 9",
        "log(steps) > 99",
        "count(active) * n > 99",
        "n > 100",
        "1 > 2",
        "budget > 100",
        "not empty(active where .index == 99)",
        "round(share(alive)) == 1",
        "share(alive) - 1 >= 0",
    ],
)
def test_condition_that_can_change_is_not_reported(condition: str) -> None:
    assert condition_codes(condition) == []


@pytest.mark.parametrize("part", ["90", "level", "1.5", "2 * steep"])
@pytest.mark.parametrize("call", ["chance({})", "quantile(.streak of active, {}) > 3"])
def test_percentage_in_place_of_a_part_is_reported(call: str, part: str) -> None:
    assert condition_codes(call.format(part)) == ["RH511"]


@pytest.mark.parametrize("part", ["0.9", "gentle", "1", "share(alive)", "n / 8", "0 - 3"])
@pytest.mark.parametrize("call", ["chance({})", "quantile(.streak of active, {}) > 3"])
def test_part_that_may_be_one_is_not_reported(call: str, part: str) -> None:
    assert condition_codes(call.format(part)) == []


def test_memory_cell_can_have_any_value() -> None:
    body = "memory { x = 0 } start { open 4 } step { advance active x = x - 1 if x > 5 { stop } }"
    assert codes(body) == []


@pytest.mark.parametrize(
    "body",
    [
        "start { open 4 unseen } step { extend active if share(alive) > 0.5 { stop } }",
        "start { open 4 unseen } step { extend active prune active where .answer == none }",
        "start { open 4 unseen } step { extend active by .streak }",
        "start { open 4 unseen } step { extend active if max(.changes of active) > 1 { stop } }",
        "step { let new = open 1 unseen extend new if winner(new) == none { stop } }",
        "start { open 4 unseen extend active for 3 answer winner(alive) }",
    ],
)
def test_vote_over_unrevealed_answers_is_reported_once(body: str) -> None:
    assert codes(body) == ["RH510"]


@pytest.mark.parametrize(
    "body",
    [
        "start { open 4 unseen } step { extend active }",
        "start { open 4 unseen } step { extend active if share(finished) > 0.5 { stop } }",
        "start { open 4 unseen } step { extend active probe active if share(alive) > 0 { stop } }",
        "start { open 4 } step { extend active if share(alive) > 0.5 { stop } }",
        "step { sample 1 if share(alive) > 0.5 { stop } }",
        "start { open 4 unseen } step { extend active if empty(alive where .finished) { stop } }",
        "start { open 4 unseen } step { extend active by -.depth if count(active) < 2 { stop } }",
    ],
)
def test_revealed_answers_are_not_reported(body: str) -> None:
    assert codes(body) == []


@pytest.mark.parametrize("name", library.NAMES)
def test_library_controllers_have_no_traps(name: str) -> None:
    assert analyse_program(library.load_source(name)).diagnostics == []


def test_warning_inside_a_call_leaves_its_type() -> None:
    ending = "finally { answer winner(first count(alive by 2) of alive) }"
    text = f"controller c {{ start {{ open 4 }} {ending} }}"
    analysis = analyse_program(Source(text))
    assert [diagnostic.code for diagnostic in analysis.diagnostics] == ["RH707", "RH506"]
    assert analysis.checked is not None
    assert Type.WRONG not in analysis.checked.types.values()

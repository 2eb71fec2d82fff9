"""Allocations, the second form of Rheo: checked, formatted, and what they give at a β."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dsl.allocation import ResolvedStage, analyse_allocation, is_allocation, load_allocation
from dsl.allocation.formatting import format_allocation, write_allocation
from dsl.source import Source

LEAN = """# What is cheap.
allocation lean "A frontier" { budget 100 + 1668 * beta;
  # Retrieval is given the large one.
  stage retrieve { model = "70B"; samples = 1 + round(8 * beta) } # for now
  stage answer { controller = cmc at beta = 0.5 model = if beta > 0.5 then "70B" else "3B" }
}
"""

FORMATTED = """# What is cheap.
allocation lean "A frontier" {
  budget 100 + 1668 * beta

  # Retrieval is given the large one.
  stage retrieve {
    model   = "70B"
    samples = 1 + round(8 * beta)
  }  # for now

  stage answer {
    controller = cmc at beta = 0.5
    model      = if beta > 0.5 then "70B" else "3B"
  }
}
"""


def codes(text: str) -> list[str]:
    return [diagnostic.code for diagnostic in analyse_allocation(Source(text)).diagnostics]


def test_allocation_is_recognized_by_its_first_word() -> None:
    assert is_allocation(Source(LEAN))
    assert not is_allocation(Source("controller allocation { finally { answer none } }"))


def test_formatting_keeps_comments_and_changes_nothing_twice() -> None:
    assert format_allocation(Source(LEAN)) == FORMATTED
    assert format_allocation(Source(FORMATTED)) == FORMATTED


def test_stage_settings_depend_on_beta() -> None:
    checked = load_allocation(Source(LEAN))
    assert checked.scheduled
    low, high = checked.at(0.0), checked.at(1.0)
    assert (low.budget, high.budget) == (100.0, 1768.0)
    assert [stage.samples for stage in (low.stages[0], high.stages[0])] == [1, 9]
    assert [stage.model for stage in (low.stages[1], high.stages[1])] == ["3B", "70B"]
    assert low.stages[1] == ResolvedStage("answer", "3B", 0, "cmc", 0.5)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("allocation a {", "RH801"),
        ('allocation a { budget 3 stage s { modle = "x" samples = 1 } }', "RH801"),
        ('allocation a { stage s { model = "x" samples = 1 } }', "RH802"),
        ("allocation a { budget 3 }", "RH803"),
        ("allocation a { budget 3 stage s { samples = 1 } }", "RH804"),
        ('allocation a { budget 3 stage s { model = "x" samples = 1 samples = 2 } }', "RH804"),
        ('allocation a { budget 3 stage s { model = "x" samples = 3 - round(9 * beta) } }',
         "RH805"),
        ('allocation a { budget -1 stage s { model = "x" samples = 1 } }', "RH805"),
        ("allocation a { budget 3 stage s { model = large samples = 1 } }", "RH301"),
        ('allocation a { budget 3 stage s { model = "x" samples = 1.5 } }', "RH301"),
        ('allocation a { budget 3 stage s { model = "x" samples = n } }', "RH201"),
    ],
)  # fmt: skip
def test_each_error_is_reported_once(text: str, code: str) -> None:
    assert codes(text) == [code]


stages = some.lists(
    some.tuples(some.sampled_from(["3B", "70B", 'o"k'.replace('"', "")]), some.integers(1, 4096)),
    min_size=1, max_size=4,
)  # fmt: skip


@given(stages)
def test_written_allocation_is_formatted_and_parses_to_itself(drawn: list[tuple[str, int]]) -> None:
    wanted = [
        ResolvedStage(f"s{index}", model, samples, "", 0.0)
        for index, (model, samples) in enumerate(drawn)
    ]
    text = write_allocation("drawn", 1768, wanted)
    assert format_allocation(Source(text)) == text
    assert load_allocation(Source(text)).at(0.3).stages == wanted


@given(some.text(max_size=60))
def test_no_text_makes_the_checker_fail(text: str) -> None:
    analyse_allocation(Source(f"allocation a {{ {text}"))

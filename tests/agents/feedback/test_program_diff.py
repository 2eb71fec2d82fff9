"""The difference between a program and its parent, as descriptions and as lines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.feedback.program_diff import diff_programs
from dsl import library

PARENT = """\
controller parent "A parent" {
  schedule {
    rising  n     = round(4 + 28 * beta)
    falling level = 0.9 - 0.1 * beta
    fixed   calm  = 5
  }

  memory { top = none }

  start { open n }

  step at most 40 {
    top = winner(alive)
    advance active
    if confidence(finished) > level {
      update active { .off = 0 }
      stop because "sure"
    }
  }

  each branch { .off = 0 }

  finally { answer winner(finished) else winner(alive) }
}
"""


@pytest.mark.parametrize(
    ("old", "new", "headline", "detail"),
    [
        ("4 + 28 * beta", "2 + 38 * beta", "changes 1 knob", "n 4..32 → 2..40"),
        ("calm  = 5", "calm  = 6", "changes 1 knob", "calm 5 → 6"),
        ("0.9 - 0.1 * beta", "0.9 - 0.1 * pow(beta, 2)", "changes 1 knob",
         "level 0.9..0.8 by a different formula"),
        ("fixed   calm  = 5", "", "removes 1 knob", "-calm 5"),
        ("top = none }", "top = none  seen = 0 }", "adds 1 cell", "+seen = 0"),
        (".off = 0 }\n\n", ".off = 2 }\n\n", "changes 1 cell", ".off = 0 → = 2"),
        ("at most 40", "at most 60", "changes 1 cap", "step at most 40 → at most 60"),
        ("step at most 40", "step", "changes 1 cap", "step at most 40 → without a cap"),
        ("advance active", "advance active for 2", "changes 1 statement",
         "`advance active` → `advance active for 2`"),
        ("advance active\n", "advance active\n prune active where .off > 2\n", "adds 1 statement",
         "+`prune active where .off > 2`"),
        ("finished) > level", "alive) > level", "changes 1 rule",
         "`if confidence(finished) > level` → `if confidence(alive) > level`"),
        ("advance active\n", "advance active\n if steps > 9 { stop }\n", "adds 1 rule",
         "+`if steps > 9 { stop }`"),
        ('"sure"', '"certain"', "changes 1 statement",
         '`stop because "sure"` → `stop because "certain"`'),
        ("update active {", "update finished {", "changes 1 rule",
         "`update active` → `update finished`"),
        ("{ open n }", "{ open n unseen }", "changes 1 statement", "`open n` → `open n unseen`"),
        ("    top = winner(alive)\n", "", "removes 1 statement", "-`top = winner(alive)`"),
    ],
)  # fmt: skip
def test_description_of_a_change(old: str, new: str, headline: str, detail: str) -> None:
    assert PARENT.count(old) >= 1
    difference = diff_programs(PARENT, PARENT.replace(old, new, 1))
    assert difference.headline == headline
    assert difference.details == (detail,)
    assert difference.summary == f"{headline}: {detail}"


def test_free_knob_is_described_by_default_and_range() -> None:
    parent = library.load_source("sc").text
    difference = diff_programs(parent, parent.replace("n = 64 in", "n = 8 in"))
    assert difference.headline == "changes 1 knob"
    assert difference.details[0].startswith("n 64 in 1..")
    assert "→ 8 in 1.." in difference.details[0]


def test_knob_that_gets_a_schedule_is_a_changed_knob() -> None:
    parent = 'controller c { knobs { n = 8 in 1..64 } start { open n } finally { answer "1" } }'
    child = parent.replace("knobs { n = 8 in 1..64 }", "schedule { rising n = round(1 + beta) }")
    assert diff_programs(parent, child).details == ("n 8 in 1..64 → 1..2",)


def test_layout_and_comments_make_no_difference() -> None:
    child = PARENT.replace("28 * beta", "28*beta # wide\n").replace("{ open n }", "{\n open  n }")
    difference = diff_programs(PARENT, child)
    assert difference.details == difference.lines == ()
    assert difference.headline == "it is the same program"


def test_new_name_alone_is_no_change() -> None:
    difference = diff_programs(PARENT, PARENT.replace("controller parent", "controller child"))
    assert difference.headline == "only its name or title differs"
    assert difference.details == ()
    assert len(difference.lines) > 0


def test_lines_are_a_unified_diff_of_limited_length() -> None:
    child = PARENT.replace("4 + 28", "2 + 38").replace("at most 40", "at most 60")
    full = diff_programs(PARENT, child)
    assert "-  step at most 40 {" in full.lines
    assert "+  step at most 60 {" in full.lines
    assert full.left_out == 0
    short = diff_programs(PARENT, child, most=3)
    assert short.lines == full.lines[:3]
    assert short.left_out == len(full.lines) - 3


def test_summary_lists_a_few_changes_and_counts_the_others() -> None:
    difference = diff_programs(library.load_source("sc").text, library.load_source("cmc").text)
    assert len(difference.details) > 10
    assert difference.summary.endswith(f"and {len(difference.details) - 4} more")
    assert "\n" not in difference.summary


def test_program_that_does_not_parse_has_a_line_diff() -> None:
    difference = diff_programs(PARENT, PARENT.replace("advance active", "advance (active"))
    assert difference.headline == "it cannot be read"
    assert "+    advance (active" in difference.lines
    assert diff_programs("nonsense", PARENT).headline == "its parent cannot be read"


def test_program_that_parses_but_does_not_check_is_described_by_formulas() -> None:
    difference = diff_programs(PARENT, PARENT.replace("28 * beta", "28 * gamma"))
    assert difference.details[0] == "n 4..32 → round(4 + 28 * gamma)"


@settings(max_examples=25)
@given(st.sampled_from(library.NAMES), st.sampled_from(library.NAMES))
def test_reversed_difference_swaps_additions_and_removals(first: str, second: str) -> None:
    forward = diff_programs(library.load_source(first).text, library.load_source(second).text)
    back = diff_programs(library.load_source(second).text, library.load_source(first).text)
    for backward, opposite in ((forward, back), (back, forward)):
        added = [detail[1:] for detail in backward.details if detail.startswith("+")]
        removed = [detail[1:] for detail in opposite.details if detail.startswith("-")]
        assert len(added) == len(removed)
    assert (first == second) is (forward.headline == "it is the same program")

"""What is read of a reply: programs and edits, whatever stands around them."""

import pytest

from agents.chat.edits import SourceEdit, parse_edits
from agents.chat.reply_parsing import (
    ParsedEdits,
    ParsedProgram,
    parse_constrained_reply,
    parse_reply,
)
from dsl import library

TEXT = library.load_source("sc").text
SC = TEXT[TEXT.index("controller") :].strip() + "\n"
BLOCK = "<<<<<<< SEARCH\n  start { open n }\n=======\n  start { open 2 * n }\n>>>>>>> REPLACE\n"


def test_a_fenced_program_is_read_with_the_prose_around_it() -> None:
    found = parse_reply(f"Fewer branches.\n\n```rheo\n{SC}```\n\nIt could lose on hard questions.")
    assert found == ParsedProgram(SC, "Fewer branches.\n\nIt could lose on hard questions.")


@pytest.mark.parametrize("fence", ["```", "```text", "``` rheo", "  ```rheo"])
def test_the_fence_may_be_of_any_kind(fence: str) -> None:
    assert parse_reply(f"Here:\n{fence}\n{SC}{fence[: fence.index('`')]}```") == ParsedProgram(
        SC, "Here:"
    )


def test_of_several_programs_the_last_counts() -> None:
    other = SC.replace("controller sc", "controller other")
    found = parse_reply(f"First\n```rheo\n{SC}```\nbetter\n```rheo\n{other}```")
    assert isinstance(found, ParsedProgram)
    assert found.source == other


def test_a_block_of_something_else_behind_the_program_is_passed_over() -> None:
    found = parse_reply(f"```rheo\n{SC}```\nIt gives\n```text\nn 1 2 4\n```")
    assert isinstance(found, ParsedProgram)
    assert found.source == SC


def test_thoughts_are_no_part_of_it() -> None:
    found = parse_reply(
        f"<think>\n```rheo\ncontroller bad {{\n```\n</think>\nSo:\n```rheo\n{SC}```"
    )
    assert found == ParsedProgram(SC, "So:")


def test_a_program_without_a_fence_is_found() -> None:
    found = parse_reply(f"I would write\n\n{SC}\nand hope.")
    assert isinstance(found, ParsedProgram)
    assert found.source == SC
    assert found.words == "I would write"


def test_a_fence_that_has_no_end_is_no_hindrance() -> None:
    found = parse_reply(f"So:\n```rheo\n{SC}")
    assert found == ParsedProgram(SC, "So:")


def test_a_brace_in_a_text_or_a_comment_closes_nothing() -> None:
    source = 'controller a "}" {\n  # }\n  step { stop because "}" }\n}\n'
    assert parse_reply(f"{source}trailing words") == ParsedProgram(source, "")


@pytest.mark.parametrize(
    "text",
    ["", "I cannot help with that.", "A controller should be thrifty.", "{]", "```\nnothing\n```"],
)
def test_where_there_is_no_program_nothing_is_read(text: str) -> None:
    assert parse_reply(text) is None


def test_edits_name_the_program_that_they_change() -> None:
    found = parse_reply(f"Twice as wide.\n```edit r003-1\n{BLOCK}```")
    edit = SourceEdit("  start { open n }\n", "  start { open 2 * n }\n")
    assert found == ParsedEdits("r003-1", [edit], "Twice as wide.")


def test_edits_in_several_blocks_belong_together() -> None:
    found = parse_reply(f"```edit sc\n{BLOCK}```\nand\n```edit sc\n{BLOCK}```")
    assert isinstance(found, ParsedEdits)
    assert len(found.edits) == 2


@pytest.mark.parametrize("text", [BLOCK, f"```\n{BLOCK}```", f"Twice.\n```edit\n{BLOCK}```"])
def test_edits_of_no_name_are_edits_all_the_same(text: str) -> None:
    found = parse_reply(text)
    assert isinstance(found, ParsedEdits)
    assert found.base == ""


def test_a_constrained_reply_begins_with_its_reasons() -> None:
    found = parse_constrained_reply(f"# Fewer branches.\n#  Could lose.\n{SC}")
    assert found == ParsedProgram(SC, "Fewer branches. Could lose.")


ENDS_OF_THOUGHT = [
    "</think>", "</thinking>", "</THINK>", "</thought>", "</reasoning>", "[/THINK]", "◁/think▷",
    "</seed:think>", "<|channel|>final<|message|>",
]  # fmt: skip


@pytest.mark.parametrize("mark", ENDS_OF_THOUGHT)
def test_all_before_the_end_of_thought_is_thought(mark: str) -> None:
    draft = BLOCK.replace("2 * n", "9 * n")
    found = parse_reply(
        f"Let me try\n```edit one\n{draft}```\nno, less.\n{mark}\n```edit one\n{BLOCK}```"
    )
    assert isinstance(found, ParsedEdits)
    assert found.edits == parse_edits(BLOCK)
    assert found.words == ""


def test_a_draft_in_thoughts_is_no_candidate() -> None:
    assert parse_reply(f"```rheo\n{SC}```\nbut no.\n</think>\nI cannot think of anything.") is None


def test_several_ends_of_thought_count_by_the_last() -> None:
    other = SC.replace("controller sc", "controller other")
    found = parse_reply(
        f"```rheo\n{SC}```</think>\n<think>\n```rheo\n{SC}```\n</think>\n```rheo\n{other}```"
    )
    assert found == ParsedProgram(other, "")


def test_thoughts_after_the_reply_leave_it_as_it_is() -> None:
    found = parse_reply(f"<think>so</think>\n```rheo\n{SC}```\n<think>that may do</think>")
    assert found == ParsedProgram(SC, "")


def test_thoughts_precede_a_constrained_reply_too() -> None:
    assert parse_constrained_reply(f"hm\n</think>\n# why\n{SC}") == ParsedProgram(SC, "why")


@pytest.mark.parametrize("sign", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_a_comment_ends_at_a_line_feed_only(sign: str) -> None:
    found = parse_constrained_reply(f"# sure{sign}ly\ncontroller c {{ finally {{ answer none }} }}")
    assert found.source == "controller c { finally { answer none } }\n"
    assert found.words == f"sure{sign}ly"

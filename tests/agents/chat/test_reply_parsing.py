"""Parsing of replies: programs and edits within prose and thoughts."""

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


def test_fenced_program_is_parsed_with_its_prose() -> None:
    parsed = parse_reply(f"Fewer branches.\n\n```rheo\n{SC}```\n\nIt could lose on hard questions.")
    assert parsed == ParsedProgram(SC, "Fewer branches.\n\nIt could lose on hard questions.")


@pytest.mark.parametrize("fence", ["```", "```text", "``` rheo", "  ```rheo"])
def test_any_fence_tag_is_accepted(fence: str) -> None:
    assert parse_reply(f"Here:\n{fence}\n{SC}{fence[: fence.index('`')]}```") == ParsedProgram(
        SC, "Here:"
    )


def test_last_of_several_programs_is_used() -> None:
    other = SC.replace("controller sc", "controller other")
    parsed = parse_reply(f"First\n```rheo\n{SC}```\nbetter\n```rheo\n{other}```")
    assert isinstance(parsed, ParsedProgram)
    assert parsed.source == other


def test_block_without_program_is_skipped() -> None:
    parsed = parse_reply(f"```rheo\n{SC}```\nIt gives\n```text\nn 1 2 4\n```")
    assert isinstance(parsed, ParsedProgram)
    assert parsed.source == SC


def test_thoughts_are_removed() -> None:
    parsed = parse_reply(
        f"<think>\n```rheo\ncontroller bad {{\n```\n</think>\nSo:\n```rheo\n{SC}```"
    )
    assert parsed == ParsedProgram(SC, "So:")


def test_unfenced_program_is_parsed() -> None:
    parsed = parse_reply(f"I would write\n\n{SC}\nand hope.")
    assert isinstance(parsed, ParsedProgram)
    assert parsed.source == SC
    assert parsed.words == "I would write"


def test_unclosed_fence_is_accepted() -> None:
    parsed = parse_reply(f"So:\n```rheo\n{SC}")
    assert parsed == ParsedProgram(SC, "So:")


def test_braces_in_strings_and_comments_are_ignored() -> None:
    source = 'controller a "}" {\n  # }\n  step { stop because "}" }\n}\n'
    assert parse_reply(f"{source}trailing words") == ParsedProgram(source, "")


@pytest.mark.parametrize(
    "text",
    ["", "I cannot help with that.", "A controller should be thrifty.", "{]", "```\nnothing\n```"],
)
def test_text_without_program_gives_nothing(text: str) -> None:
    assert parse_reply(text) is None


def test_edits_name_their_program() -> None:
    parsed = parse_reply(f"Twice as wide.\n```edit r003-1\n{BLOCK}```")
    edit = SourceEdit("  start { open n }\n", "  start { open 2 * n }\n")
    assert parsed == ParsedEdits("r003-1", [edit], "Twice as wide.")


def test_edits_of_several_blocks_are_joined() -> None:
    parsed = parse_reply(f"```edit sc\n{BLOCK}```\nand\n```edit sc\n{BLOCK}```")
    assert isinstance(parsed, ParsedEdits)
    assert len(parsed.edits) == 2


@pytest.mark.parametrize("text", [BLOCK, f"```\n{BLOCK}```", f"Twice.\n```edit\n{BLOCK}```"])
def test_edits_without_a_program_name_are_accepted(text: str) -> None:
    parsed = parse_reply(text)
    assert isinstance(parsed, ParsedEdits)
    assert parsed.base == ""


def test_constrained_reply_begins_with_reasons() -> None:
    parsed = parse_constrained_reply(f"# Fewer branches.\n#  Could lose.\n{SC}")
    assert parsed == ParsedProgram(SC, "Fewer branches. Could lose.")


ENDS_OF_THOUGHT = [
    "</think>", "</thinking>", "</THINK>", "</thought>", "</reasoning>", "[/THINK]", "◁/think▷",
    "</seed:think>", "<|channel|>final<|message|>",
]  # fmt: skip


@pytest.mark.parametrize("mark", ENDS_OF_THOUGHT)
def test_text_before_the_end_of_thought_is_removed(mark: str) -> None:
    draft = BLOCK.replace("2 * n", "9 * n")
    parsed = parse_reply(
        f"Let me try\n```edit one\n{draft}```\nno, less.\n{mark}\n```edit one\n{BLOCK}```"
    )
    assert isinstance(parsed, ParsedEdits)
    assert parsed.edits == parse_edits(BLOCK)
    assert parsed.words == ""


def test_program_in_thoughts_is_ignored() -> None:
    assert parse_reply(f"```rheo\n{SC}```\nbut no.\n</think>\nI cannot think of anything.") is None


def test_last_end_of_thought_counts() -> None:
    other = SC.replace("controller sc", "controller other")
    parsed = parse_reply(
        f"```rheo\n{SC}```</think>\n<think>\n```rheo\n{SC}```\n</think>\n```rheo\n{other}```"
    )
    assert parsed == ParsedProgram(other, "")


def test_thoughts_after_the_reply_are_removed() -> None:
    parsed = parse_reply(f"<think>so</think>\n```rheo\n{SC}```\n<think>that may do</think>")
    assert parsed == ParsedProgram(SC, "")


def test_thoughts_before_a_constrained_reply_are_removed() -> None:
    assert parse_constrained_reply(f"hm\n</think>\n# why\n{SC}") == ParsedProgram(SC, "why")


@pytest.mark.parametrize("sign", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_comment_ends_only_at_a_line_feed(sign: str) -> None:
    parsed = parse_constrained_reply(
        f"# sure{sign}ly\ncontroller c {{ finally {{ answer none }} }}"
    )
    assert parsed.source == "controller c { finally { answer none } }\n"
    assert parsed.words == f"sure{sign}ly"

"""Prompts as golden files; RHEOSTAT_UPDATE_GOLDEN=1 updates them."""

import os
from pathlib import Path

import pytest

from agents.chat import prompts
from agents.chat.edits import EditMismatch, SourceEdit, apply_edits
from agents.chat.reply_cache import ChatMessage
from agents.feedback.brief import count_tokens
from agents.prompt_templates import language_card
from agents.run.records import ControllerLanguage
from agents.setup.model_setup import MIN_PROMPT_TOKENS
from dsl.card import render_card
from tests.agents.chat.prompting import LEADER, small_brief

GOLDEN = Path(__file__).parent / "golden"


def unfit() -> EditMismatch:
    edited = apply_edits(LEADER, [SourceEdit("  if count(finished) > 3 { stop }\n", "")])
    assert isinstance(edited, EditMismatch)
    return edited


def whole(messages: list[ChatMessage]) -> str:
    return (
        "\n".join(f"===== {message.role}\n{message.text}" for message in messages)
        .replace(render_card(), "(the language card)")
        .replace(language_card(ControllerLanguage.PYTHON), "(the card of Python)")
    )


TEXTS = {
    "open": whole(prompts.opening_messages(small_brief(), constrained=False, free_knobs=False)),
    "first-round": whole(
        prompts.opening_messages(small_brief(candidates=False), constrained=False, free_knobs=True)
    ),
    "python": whole(
        prompts.opening_messages(
            small_brief(), constrained=False, free_knobs=False, language=ControllerLanguage.PYTHON
        )
    ),
    "constrained": whole(
        prompts.opening_messages(small_brief(), constrained=True, free_knobs=False)
    ),
    "no-program": prompts.no_program_prompt(ControllerLanguage.RHEO),
    "cut-off": prompts.cut_off_prompt(8000),
    "unknown-base": prompts.unknown_base_prompt(
        "r009-1", prompts.select_programs(small_brief()), ControllerLanguage.RHEO
    ),
    "unfit-edit": prompts.edit_mismatch_prompt("r001-2", unfit()),
    "repair": prompts.repair_prompt(
        "controller a { }\n", "error[E1]: it does nothing", constrained=False
    ),
    "repair-python": prompts.repair_prompt(
        "def controller(episode, beta): ...\n",
        "error: no",
        constrained=False,
        language=ControllerLanguage.PYTHON,
    ),
    "repair-constrained": prompts.repair_prompt(
        "controller a { }\n", "error: no", constrained=True
    ),
}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_prompt_matches_its_golden_file(name: str) -> None:
    path = GOLDEN / f"{name}.md"
    if os.environ.get("RHEOSTAT_UPDATE_GOLDEN"):
        path.write_text(TEXTS[name] + "\n", encoding="utf-8")
    assert TEXTS[name] + "\n" == path.read_text(encoding="utf-8")


def test_prompt_overhead_stays_within_its_estimate() -> None:
    brief = small_brief()
    messages = prompts.opening_messages(brief, constrained=False, free_knobs=True)
    without = sum(count_tokens(message.text) for message in messages) - count_tokens(brief.text)
    programs = sum(count_tokens(program.source) for program in prompts.select_programs(brief))
    assert without - programs + prompts.PROGRAM_TOKENS <= MIN_PROMPT_TOKENS


def test_quoted_programs_stay_within_the_token_limit() -> None:
    brief = small_brief()
    assert (
        sum(count_tokens(program.source) for program in prompts.select_programs(brief))
        <= prompts.PROGRAM_TOKENS
    )

"""Prompts, whole, as golden files; RHEOSTAT_UPDATE_GOLDEN=1 writes them anew."""

import os
from pathlib import Path

import pytest

from agents.chat import prompts
from agents.chat.edits import Edit, Unfit, applied
from agents.chat.replies import Message
from agents.commands.asking import LEAST_PROMPT
from agents.feedback.length import count
from agents.languages import card_of
from agents.run.records import Language
from dsl.card import card
from tests.agents.chat.prompting import LEADER, small_brief

GOLDEN = Path(__file__).parent / "golden"


def unfit() -> Unfit:
    made = applied(LEADER, [Edit("  if count(finished) > 3 { stop }\n", "")])
    assert isinstance(made, Unfit)
    return made


def whole(messages: list[Message]) -> str:
    return (
        "\n".join(f"===== {each.role}\n{each.text}" for each in messages)
        .replace(card(), "(the language card)")
        .replace(card_of(Language.PYTHON), "(the card of Python)")
    )


TEXTS = {
    "open": whole(prompts.opening(small_brief(), constrained=False, free_knobs=False)),
    "first-round": whole(
        prompts.opening(small_brief(candidates=False), constrained=False, free_knobs=True)
    ),
    "python": whole(
        prompts.opening(
            small_brief(), constrained=False, free_knobs=False, language=Language.PYTHON
        )
    ),
    "constrained": whole(prompts.opening(small_brief(), constrained=True, free_knobs=False)),
    "no-program": prompts.no_program(Language.RHEO),
    "cut-off": prompts.cut_off(8000),
    "unknown-base": prompts.unknown_base("r009-1", prompts.shown(small_brief()), Language.RHEO),
    "unfit-edit": prompts.unfit_edit("r001-2", unfit()),
    "mend": prompts.mend("controller a { }\n", "error[E1]: it does nothing", constrained=False),
    "mend-python": prompts.mend(
        "def controller(episode, beta): ...\n",
        "error: no",
        constrained=False,
        language=Language.PYTHON,
    ),
    "mend-constrained": prompts.mend("controller a { }\n", "error: no", constrained=True),
}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_prompt_is_as_it_was_agreed(name: str) -> None:
    path = GOLDEN / f"{name}.md"
    if os.environ.get("RHEOSTAT_UPDATE_GOLDEN"):
        path.write_text(TEXTS[name] + "\n", encoding="utf-8")
    assert TEXTS[name] + "\n" == path.read_text(encoding="utf-8")


def test_a_prompt_beside_its_brief_takes_no_more_than_is_reckoned_with() -> None:
    brief = small_brief()
    messages = prompts.opening(brief, constrained=False, free_knobs=True)
    without = sum(count(each.text) for each in messages) - count(brief.text)
    programs = sum(count(each.source) for each in prompts.shown(brief))
    assert without - programs + prompts.PROGRAM_TOKENS <= LEAST_PROMPT


def test_programs_to_build_on_stay_within_their_room() -> None:
    brief = small_brief()
    assert sum(count(each.source) for each in prompts.shown(brief)) <= prompts.PROGRAM_TOKENS

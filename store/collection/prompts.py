"""What a model is asked: a question, its choices and an instruction, as one message."""

from collections.abc import Sequence
from string import ascii_uppercase

from store.collection.forcing import Forced, Forcing
from store.records import Question
from store.serving.engine import Engine

INSTRUCTIONS = {
    "boxed": "Please reason step by step, and put your final answer within \\boxed{}.",
    "choice": (
        "Please reason step by step, and put the letter of your choice, and nothing else, within"
        " \\boxed{}."
    ),
}
"""By the way in which answers are read; a pattern of one's own needs an instruction to match."""


def message(text: str, choices: Sequence[str] | None, instruction: str) -> str:
    """The words of the one message that the model gets.

    Args:
        text: the question.
        choices: what it offers; they are lettered from A.
        instruction: how to answer; empty for none.
    """
    parts = [text.strip()]
    if choices:
        parts.append(
            "\n".join(
                f"({letter}) {choice}"
                for letter, choice in zip(ascii_uppercase, choices, strict=False)
            )
        )
    if instruction:
        parts.append(instruction)
    return "\n\n".join(parts)


def letters(choices: Sequence[str]) -> list[str]:
    """The letters of the choices."""
    return list(ascii_uppercase[: len(choices)])


def letters_of(question: Question) -> str | None:
    """The letters of a question's choices in a row; ``None`` where it has none."""
    return None if question.choices is None else "".join(letters(question.choices))


async def forced_by(engine: Engine, forcing: Forcing) -> Forced:
    """A forcing in the tokens of the engine's model.

    Raises:
        ServingError: the engine does not tell.
    """
    parts = [
        tuple(await engine.tokenize(text)) if text else ()
        for text in (forcing.end, forcing.ask, forcing.text, forcing.mark)
    ]
    return Forced(*parts)

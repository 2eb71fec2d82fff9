"""The fields of files that are written by hand or by other programs, for help pages.

They are read off the records that decode such files, so that help names what is accepted.
"""

import types
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import msgspec


class FieldSection(NamedTuple):
    """The fields of one object."""

    title: str
    fields: Sequence[tuple[str, str]]
    """Each name with its type and meaning."""


_MEANINGS = {
    "question": "the text of the question",
    "answer": "the correct answer",
    "branches": "one object for each branch",
    "id": "the question's name",
    "choices": "the choices of a multiple-choice question",
    "greedy": "one sample at temperature 0",
    "difficulty": "rank among the questions; 0 is the easiest",
    "tokens": "the number of tokens of the whole branch",
    "final": "the branch's own answer at the end",
    "probes": "the answer after each interval; for every branch or for none",
    "finish": "the reason it ended, such as stop or length",
    "seed": "the seed of the branch",
    "raw": "the model's output at each probe",
    "final_raw": "the model's output at the end",
    "probe_tokens": "the tokens that each probe cost",
    "entropy": "the entropy at each probe, in nats",
    "logprob": "the mean log-probability of the sampled tokens, one for each interval",
    "top_logprob": "the mean log-probability of the 20 most likely tokens, one for each interval",
    "text": "the text of the chain",
    "token_ids": "the token ids of the chain",
    "sentences": "the end of each sentence, as a character offset into text",
    "paragraphs": "the end of each paragraph, as a character offset into text",
    "signals": "lists of numbers by name: one for the branch, for each probe or for each interval",
}


def branch_fields() -> list[FieldSection]:
    """Return the fields of a line that `rheostat import jsonl` reads."""
    from store.jsonl import BranchLine, QuestionLine

    return [
        FieldSection("Fields of a line", _fields(QuestionLine)),
        FieldSection("Fields of a branch", _fields(BranchLine)),
    ]


def question_fields() -> list[FieldSection]:
    """Return the fields of a line of a file of questions."""
    from store.collection.questions import CollectionQuestion

    return [FieldSection("Fields of a question (one per line)", _fields(CollectionQuestion))]


def _fields(record: type[msgspec.Struct]) -> list[tuple[str, str]]:
    rows = []
    for field in msgspec.structs.fields(record):
        kind = _type_text(field.type) + ("" if field.required else ", optional")
        meaning = _MEANINGS.get(field.encode_name)
        rows.append((field.encode_name, kind if meaning is None else f"{kind}: {meaning}"))
    return rows


_NAMES = {str: "string", int: "whole number", float: "number", bool: "true or false"}


def _type_text(kind: Any) -> str:  # noqa: ANN401
    if get_origin(kind) is Annotated:
        return _type_text(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        several = [
            member for member in get_args(kind) if member not in (type(None), msgspec.UnsetType)
        ]
        return " or ".join(_type_text(member) for member in several)
    if get_origin(kind) is list:
        return f"list of {_plural(_type_text(get_args(kind)[0]))}"
    return _NAMES.get(kind, "object")


def _plural(words: str) -> str:
    return f"{words}s"

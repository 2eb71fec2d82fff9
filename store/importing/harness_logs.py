"""What the logs of evaluation harnesses have in common: samples become questions and branches.

A log holds whole replies and no answers inside of them, so its recording is not probed, and only
whole reads can be replayed on it.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from store.environment import Environment, Item
from store.errors import SourceError
from store.importing.answers import KEPT, AnswerReader
from store.importing.token_counts import TokenCounter
from store.records import Branch, Provenance, Question

INTERVAL = 500
"""Δ of a recording without probes: it decides nothing but the size of a read."""


class BadSample(Exception):
    """A sample that is no branch; the message has the reason."""


class Reply(NamedTuple):
    """One reply of the model."""

    text: str
    """All that it wrote, its thinking between marks included."""
    tokens: int | None = None
    """``None`` if the log does not record it, so that the text's must be counted."""
    finish: str | None = None
    """``stop``, or ``length`` for a reply that was cut."""


class LoggedQuestion(NamedTuple):
    """One question and the replies to it, in order."""

    question: Question
    replies: Sequence[Reply]


class SkippedSample(NamedTuple):
    """A sample that was left out."""

    location: str
    reason: str


class HarnessLog(NamedTuple):
    """What a log gave."""

    environment: Environment
    skipped: list[SkippedSample]
    notes: list[str]
    """What a user should know of how it was read."""


class LogOptions(NamedTuple):
    """How logs are read."""

    reader: AnswerReader
    counter: TokenCounter | None = None
    skip_bad: bool = False
    """Whether samples that cannot be read are left out instead of rejected."""
    model: str | None = None
    """Instead of the log's own name."""
    benchmark: str | None = None


def build_environment(
    path: Path, provenance: Provenance, logged: Iterable[LoggedQuestion], options: LogOptions
) -> Environment:
    """Make an environment of logged replies.

    Args:
        path: the log, for errors.
        provenance: what is known of it, but for extraction.
        logged: its questions; those without replies are left out.
        options: how answers are read and tokens counted.

    Raises:
        SourceError: there are no replies, or their tokens are not known.
    """
    questions = [question for question in logged if question.replies]
    if not questions:
        raise SourceError("the log contains no completed samples", path=path)
    counts = _count_tokens(path, questions, options.counter)
    items = []
    for question, replies in questions:
        branches = [
            Branch(
                answers=[],
                tokens=counts[reply.text] if reply.tokens is None else reply.tokens,
                final=options.reader.read_final(reply.text, question, finish=reply.finish),
                finish=reply.finish,
                final_raw=reply.text[-KEPT:],
                text=reply.text,
            )
            for reply in replies
        ]
        items.append(Item(question, branches))
    named = msgspec.structs.replace(provenance, extraction=options.reader.name)
    return Environment(named, items)


def _count_tokens(
    path: Path, questions: Sequence[LoggedQuestion], counter: TokenCounter | None
) -> Mapping[str, int]:
    uncounted = {
        reply.text: question.id
        for question, replies in questions
        for reply in replies
        if reply.tokens is None
    }
    if not uncounted:
        return {}
    if counter is None:
        first = next(iter(uncounted.values()))
        raise SourceError(
            f"the log does not record the tokens of each reply to {first}; count them with"
            " --tokenizer FILE, the model's tokenizer.json",
            path=path,
        )
    return dict(zip(uncounted, counter.count(list(uncounted)), strict=True))


def letter_of(target: str, choices: Sequence[str] | None) -> str:
    """Return a gold answer as the letter of a choice, if it is written as one: ``(B)`` is ``B``."""
    bare = target.strip().strip("().: ")
    if choices is not None and len(bare) == 1 and bare.isalpha():
        return bare.upper()
    return target

"""Equal final answers of a recording that are written differently, so that they vote apart."""

import re
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from store.answers.equivalence import AnswerPool, Equivalence
from store.answers.extraction import NO_ANSWER
from store.importing.answers import joined_to
from store.reader import Recording

_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)|[A-Za-z]")
"""Integers and letters of choices: equal ones are always written in the same way."""


class Spellings(NamedTuple):
    """What an equivalence would join in a recording."""

    finals: int
    """Final answers that are written differently from an equal one."""
    of_finals: int
    questions: int
    """Questions that have such answers."""
    example: tuple[str, str, str]
    """A question's id, an answer, and the equal one."""
    pass_at_1: float
    """pass@1 if they were joined, in percent."""


def may_differ(recording: Recording) -> bool:
    """Return whether equal final answers of a recording may be written differently.

    This needs no equivalence, which takes a second or more to start.
    """
    provenance = recording.provenance
    if provenance.equivalence != "exact" or provenance.simulated:
        return False
    golds = [question.gold for question in recording.questions]
    return any(
        not _are_plain([*finals, gold])
        for finals, gold in zip(_finals(recording), golds, strict=True)
    )


def find_spellings(recording: Recording, equivalence: Equivalence) -> Spellings | None:
    """Find final answers that equal another, or the gold answer, but are written differently.

    Args:
        recording: An open recording.
        equivalence: Decides which answers are equal.

    Returns:
        ``None`` if there are none.
    """
    finals = _finals(recording)
    golds = [question.gold for question in recording.questions]
    candidates = [
        index for index, counts in enumerate(finals) if not _are_plain([*counts, golds[index]])
    ]
    forms = equivalence.forms(
        [AnswerPool(list(finals[index]), golds[index]) for index in candidates]
    )
    joined = {
        index: joined_to(finals[index], form, golds[index])
        for index, form in zip(candidates, forms, strict=True)
    }
    spellings = {index: pairs for index, pairs in joined.items() if pairs}
    if not spellings:
        return None
    first = next(iter(spellings))
    shares = []
    for index, counts in enumerate(finals):
        right = counts[golds[index]] + sum(
            counts[answer]
            for answer, equal in joined.get(index, {}).items()
            if equal == golds[index]
        )
        shares.append(Fraction(right, counts.total()))
    return Spellings(
        finals=sum(finals[index][answer] for index, pairs in spellings.items() for answer in pairs),
        of_finals=sum(counts.total() for counts in finals),
        questions=len(spellings),
        example=(recording.questions[first].id, *next(iter(spellings[first].items()))),
        pass_at_1=round(float(100 * sum(shares, Fraction()) / len(shares)), 2),
    )


def _finals(recording: Recording) -> list[Counter[str]]:
    """Return how often each final answer was given, for each question."""
    finals = []
    for index in range(len(recording.questions)):
        core = recording.core(index)
        finals.append(Counter(core.answers[final] for final in core.final.tolist()))
    return finals


def _are_plain(answers: Sequence[str]) -> bool:
    return all(answer == NO_ANSWER or _PLAIN.fullmatch(answer) for answer in answers)

"""Answer of imported branches: extracted from texts, and joined where they are equal.

Readers of other formats give branches whose answers are texts, or answers already. `AnswerReader`
extracts; `join_answers` writes equal answers of a question in one form, with a single call of the
equivalence over the distinct answers of a whole file.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import NamedTuple

import msgspec

from store.answers.equivalence import AnswerPool, Equivalence
from store.answers.extraction import NO_ANSWER, AnswerExtractor, extractor
from store.environment import Environment, Item
from store.forcing import FAMILIES
from store.records import Branch, Greedy, Question

KEPT = 500
"""Characters of a text's end that are kept beside the answer read from it."""

_MARKS = tuple(family.mark for family in FAMILIES.values() if family.mark)


class AnswerReader:
    """Extracts answers, by one extraction for all questions or by the kind of each.

    Args:
        name: of the extraction (`store.answers.extraction.extractor`); ``None`` for ``choice``
            where a question has choices and ``boxed`` where it has none.

    Raises:
        StoreError: there is no extraction of this name.
    """

    def __init__(self, name: str | None = None):
        self._fixed = None if name is None else extractor(name)
        self._by_kind = {kind: extractor(kind) for kind in ("boxed", "choice")}
        self._used: set[str] = set()
        self.read_finals = 0
        """Number of final answers that were searched for."""
        self.unread_finals = 0
        """Those of them that are `NO_ANSWER`."""

    @property
    def name(self) -> str | None:
        """The extraction for the provenance; ``None`` if nothing was extracted."""
        return "/".join(sorted(self._used)) or None

    def read_final(self, text: str, question: Question, *, finish: str | None = None) -> str:
        """Extract the final answer of a chain's text, from after the end of its thinking.

        Args:
            text: the whole chain, or its end.
            question: what it answers.
            finish: why the chain ended; ``length`` is a chain that was cut.
        """
        visible = after_thinking(text)
        answer = self._read(visible, question, truncated=finish == "length")
        self.read_finals += 1
        self.unread_finals += answer == NO_ANSWER
        return answer

    def read_branch(self, branch: Branch, question: Question) -> Branch:
        """Extract the answers of a branch whose answers are texts, and keep the texts.

        Args:
            branch: its ``final`` and ``answers`` are what the model wrote.
            question: what it answers.
        """
        return msgspec.structs.replace(
            branch,
            final=self.read_final(branch.final, question, finish=branch.finish),
            answers=[self._read(text, question) for text in branch.answers],
            final_raw=branch.final[-KEPT:] if branch.final_raw is None else branch.final_raw,
            raw=branch.raw if branch.raw is not None or not branch.answers else branch.answers,
        )

    def read_question(self, question: Question) -> Question:
        """Extract the answer of a question's greedy sample."""
        greedy = question.greedy
        if greedy is None:
            return question
        answer = self._read(after_thinking(greedy.answer), question)
        return msgspec.structs.replace(question, greedy=Greedy(answer=answer, tokens=greedy.tokens))

    def _read(self, text: str, question: Question, *, truncated: bool = False) -> str:
        reader = self._extractor(question)
        self._used.add(reader.name)
        letters = None if question.choices is None else ascii_uppercase[: len(question.choices)]
        return reader.read(text, truncated=truncated, letters=letters)

    def _extractor(self, question: Question) -> AnswerExtractor:
        return self._fixed or self._by_kind["choice" if question.choices else "boxed"]


def after_thinking(text: str) -> str:
    """Return what follows the mark that ends the thinking; all of the text where there is none."""
    ends = [position + len(mark) for mark in _MARKS if (position := text.rfind(mark)) >= 0]
    return text[max(ends) :] if ends else text


def extract_answers(environment: Environment, reader: AnswerReader) -> Environment:
    """Take the answers of an environment as texts, and extract the answers from them.

    Args:
        environment: final answers and answers at probes are what the model wrote.
        reader: the way to read them.
    """
    items = [
        Item(
            reader.read_question(question),
            [reader.read_branch(branch, question) for branch in branches],
        )
        for question, branches in environment.items
    ]
    provenance = msgspec.structs.replace(environment.provenance, extraction=reader.name)
    return Environment(provenance, items)


class JoinedAnswers(NamedTuple):
    """How many answers were written differently from an equal answer to the same question."""

    finals: int = 0
    """Final answers that were joined to an equal one."""
    of_finals: int = 0
    probes: int = 0
    of_probes: int = 0
    example: tuple[str, str, str] | None = None
    """A question's id, an answer, and the equal answer that it was joined to."""


class Join(NamedTuple):
    """An environment with equal answers in one form, and what was joined for that."""

    environment: Environment
    joined: JoinedAnswers


def join_answers(environment: Environment, equivalence: Equivalence) -> Join:
    """Write equal answers of each question in one form; all of its answers form one pool.

    Args:
        environment: its items are gone through several times.
        equivalence: when answers are equal.
    """
    items = list(environment.items)
    pools = [AnswerPool(distinct_answers(item), item.question.gold) for item in items]
    forms = equivalence.forms(pools)
    joined = JoinedAnswers()
    for item, form in zip(items, forms, strict=True):
        joined = _added(joined, _joined(item, form))
    changed = [
        Item(_with_form(item.question, form), [_formed(branch, form) for branch in item.branches])
        for item, form in zip(items, forms, strict=True)
    ]
    provenance = msgspec.structs.replace(environment.provenance, equivalence=equivalence.name)
    return Join(Environment(provenance, changed), joined)


def distinct_answers(item: Item) -> list[str]:
    """Return the distinct answers to a question, in order of first appearance."""
    answers: dict[str, None] = {}
    for branch in item.branches:
        answers.update(dict.fromkeys(branch.answers))
        answers[branch.final] = None
    if item.question.greedy is not None:
        answers[item.question.greedy.answer] = None
    return list(answers)


def joined_to(
    counts: Mapping[str, int], forms: Mapping[str, str], gold: str | None
) -> dict[str, str]:
    """Return the answers that are written differently from an equal one, and that one.

    Of equal answers, the one that the others are joined to is the gold answer, else the one that is
    the common form, else the most frequent, the first of equals.

    Args:
        counts: how often each answer was given, in order of first appearance.
        forms: the form of each (`Equivalence.forms`).
        gold: the gold answer.
    """
    classes: dict[str, list[str]] = {}
    for answer in counts:
        classes.setdefault(forms[answer], []).append(answer)
    joined = {}
    for form, answers in classes.items():
        chosen = max(answers, key=lambda answer: counts[answer])
        if form == gold or form in answers:
            chosen = form
        joined.update({answer: chosen for answer in answers if answer != chosen})
    return joined


def _joined(item: Item, forms: Mapping[str, str]) -> JoinedAnswers:
    finals = Counter(branch.final for branch in item.branches)
    probes = Counter(answer for branch in item.branches for answer in branch.answers)
    joined = joined_to(finals + probes, forms, item.question.gold)
    example = next(((item.question.id, *pair) for pair in joined.items()), None)
    return JoinedAnswers(
        sum(finals[answer] for answer in joined),
        finals.total(),
        sum(probes[answer] for answer in joined),
        probes.total(),
        example,
    )


def _added(one: JoinedAnswers, other: JoinedAnswers) -> JoinedAnswers:
    return JoinedAnswers(
        one.finals + other.finals,
        one.of_finals + other.of_finals,
        one.probes + other.probes,
        one.of_probes + other.of_probes,
        one.example or other.example,
    )


def _with_form(question: Question, forms: Mapping[str, str]) -> Question:
    greedy = question.greedy
    if greedy is None:
        return question
    changed = Greedy(answer=forms[greedy.answer], tokens=greedy.tokens)
    return msgspec.structs.replace(question, greedy=changed)


def _formed(branch: Branch, forms: Mapping[str, str]) -> Branch:
    answers: Sequence[str] = branch.answers
    return msgspec.structs.replace(
        branch, final=forms[branch.final], answers=[forms[answer] for answer in answers]
    )

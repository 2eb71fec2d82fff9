"""Import branches from JSON Lines: one question a line, with all of its branches.

This is the way in for any collector that can write text; docs/importing.md documents the fields.
Signals of the format go by the names of `store.records.Branch`, others are in ``signals`` by their
own. Answers are taken as they are, unless an extraction is named; a branch may leave out its final
answer where it has a text to extract it from, and its tokens where they can be counted. A malformed
file gives a `SourceError` whose location is the line and the path of the field:
``line 3, $.branches[0].tokens``.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType

from store.environment import Environment, Item, question_id
from store.errors import SourceError
from store.importing.answers import KEPT, AnswerReader, extract_answers
from store.importing.named_signals import (
    SignalFault,
    SignalLengths,
    StatedSignal,
    declare_all,
)
from store.importing.token_counts import TokenCounter
from store.records import Branch, Greedy, Provenance, Question, SignalDeclaration
from store.signals import signal_fault
from store.sources import Count, decode, join_location, paused_collection, read_text
from store.validation import branch_fault

COLLECTOR = "JSON Lines import"

NOTHING_STATED: Mapping[str, StatedSignal] = {}
"""The caller states nothing of any signal."""


class BranchLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One branch as it is in a line."""

    tokens: Count | UnsetType = UNSET
    final: str | UnsetType = UNSET
    probes: list[str] | None = None
    finish: str | None = None
    seed: int | None = None
    raw: list[str] | None = None
    final_raw: str | None = None
    probe_tokens: list[Count] | None = None
    entropy: list[float] | None = None
    logprob: list[float] | None = None
    top_logprob: list[float] | None = None
    text: str | None = None
    token_ids: list[Count] | None = None
    sentences: list[Count] | None = None
    paragraphs: list[Count] | None = None
    signals: dict[str, float | list[float]] = {}


class GreedyLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sample at temperature 0, as it is in a line."""

    answer: str
    tokens: Count


class QuestionLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One line: a question and its branches."""

    question: str
    answer: str
    branches: list[BranchLine]
    id: str | None = None
    choices: list[str] | None = None
    greedy: GreedyLine | None = None
    difficulty: Count | None = None


_DECODER = msgspec.json.Decoder(QuestionLine)


@paused_collection()
def read_jsonl(
    path: Path,
    *,
    model: str,
    benchmark: str,
    interval: int,
    reader: AnswerReader | None = None,
    texts: AnswerReader | None = None,
    counter: TokenCounter | None = None,
    stated: Mapping[str, StatedSignal] = NOTHING_STATED,
) -> Environment:
    """Read a file of questions, one a line; empty lines are skipped.

    Args:
        path: the file.
        model: the model's name.
        benchmark: the benchmark's name.
        interval: Δ, the tokens between two probes.
        reader: extracts the answers, which are texts then; ``None`` where they are answers.
        texts: extracts the final answer of a branch that has a text only, where `reader` is
            ``None``; by default boxed, or choice where the question has choices.
        counter: counts the tokens of branches that come as text without a count.
        stated: what the caller states of named signals, by name.

    Raises:
        SourceError: the file is malformed or contradicts itself.
        OSError: the file cannot be read.
    """
    lines = read_lines(path)
    if not lines:
        raise SourceError("the file contains no questions", path=path)
    probed = _probed(lines, path)
    signals = _declared_signals(lines, path, stated)
    ids = _name(lines, benchmark, path)
    tokens = _tokens(lines, path, counter)
    texts = texts or AnswerReader()
    items = []
    for (number, line), name in zip(lines.items(), ids, strict=True):
        question = _question(line, name)
        branches = [
            _chain(branch, question, tokens[number, index], None if reader else texts)
            for index, branch in enumerate(line.branches)
        ]
        items.append(Item(question, branches))
    provenance = Provenance(
        model=model,
        benchmark=benchmark,
        interval=interval,
        collector=COLLECTOR,
        source=path.name,
        probed=probed,
        extraction=texts.name,
        signals=signals,
    )
    environment = Environment(provenance, items)
    return environment if reader is None else extract_answers(environment, reader)


def read_lines(path: Path) -> dict[int, QuestionLine]:
    """Every question of the file, checked by itself, by its line number (counted from 1)."""
    lines = {}
    for number, text in enumerate(read_text(path).split("\n"), start=1):
        if text.strip():
            lines[number] = decode(_DECODER, text, path, number)
            _check(lines[number], path, number)
    return lines


def _check(line: QuestionLine, path: Path, number: int) -> None:
    """Raise `SourceError` if the fields of a line contradict each other."""
    if not line.branches:
        location = join_location(number, "$.branches")
        raise SourceError("the question has no branches", path=path, location=location)
    if line.id == "":
        location = join_location(number, "$.id")
        raise SourceError(
            "the id is empty; leave it out to generate one", path=path, location=location
        )
    for index, branch in enumerate(line.branches):
        if branch.final is UNSET and branch.text is None:
            location = join_location(number, f"$.branches[{index}]")
            reason = "has no `final`, and no `text` to read the answer from; give one of them"
            raise SourceError(reason, path=path, location=location)
        # The named signals are checked when all lines have shown what they are.
        plain = msgspec.structs.replace(_branch(branch), signals={})
        fault = branch_fault(plain, probed=branch.probes is not None)
        if fault is not None:
            location = join_location(number, f"$.branches[{index}]")
            raise SourceError(fault, path=path, location=location)
        _check_log_probabilities(branch, path, number, f"$.branches[{index}]")


def _check_log_probabilities(branch: BranchLine, path: Path, number: int, location: str) -> None:
    """Raise `SourceError` if a log-probability is above 0.

    Args:
        branch: the branch as it is in the line.
        path: the file.
        number: the line's number.
        location: the path of the branch in the line.
    """
    for name in ("logprob", "top_logprob"):
        values: list[float] = getattr(branch, name) or []
        if max(values, default=0.0) <= 0:
            continue
        for index, value in enumerate(values):
            if value > 0:
                raise SourceError(
                    f"a log-probability is at most 0, and this is {value:g}; if it is a"
                    " probability, give its logarithm",
                    path=path,
                    location=join_location(number, f"{location}.{name}[{index}]"),
                )


def _probed(lines: dict[int, QuestionLine], path: Path) -> bool:
    """Return whether the branches have probes: all of them or none."""
    first: bool | None = None
    for number, line in lines.items():
        for index, branch in enumerate(line.branches):
            probed = branch.probes is not None
            if first is None:
                first = probed
            elif probed != first:
                raise SourceError(
                    f"this branch has {'probes' if probed else 'no probes'}, unlike the first; "
                    "give `probes` for every branch or for none",
                    path=path,
                    location=join_location(number, f"$.branches[{index}]"),
                )
    return bool(first)


def _declared_signals(
    lines: dict[int, QuestionLine], path: Path, stated: Mapping[str, StatedSignal]
) -> dict[str, SignalDeclaration]:
    """Return what the named signals of a file are, and check their values in every branch."""
    lengths: dict[str, list[SignalLengths]] = {}
    for line in lines.values():
        for branch in (_branch(row) for row in line.branches if row.signals):
            for name, values in branch.signals.items():
                known = lengths.setdefault(name, [])
                known.append(SignalLengths(len(values), len(branch.answers)))
    try:
        declared = declare_all(lengths, stated)
    except SignalFault as error:
        raise SourceError(str(error), path=path) from error
    for number, line in lines.items():
        for index, row in enumerate(line.branches):
            if row.signals and (fault := signal_fault(_branch(row), declared)):
                location = join_location(number, f"$.branches[{index}].signals")
                raise SourceError(fault, path=path, location=location)
    return declared


def _name(lines: dict[int, QuestionLine], benchmark: str, path: Path) -> list[str]:
    """Return the id of each question, its own or one by its position; no two are alike."""
    names: dict[str, int] = {}
    for index, (number, line) in enumerate(lines.items()):
        name = line.id or question_id(benchmark, index, len(lines))
        earlier = names.setdefault(name, number)
        if earlier != number:
            raise SourceError(
                f"the id {name!r} is already used in line {earlier}; ids must be unique",
                path=path,
                location=join_location(number, "$.id"),
            )
    return list(names)


def _question(line: QuestionLine, name: str) -> Question:
    greedy = line.greedy
    return Question(
        id=name,
        gold=line.answer,
        text=line.question,
        choices=line.choices,
        greedy=None if greedy is None else Greedy(answer=greedy.answer, tokens=greedy.tokens),
        difficulty=line.difficulty,
    )


def _tokens(
    lines: dict[int, QuestionLine], path: Path, counter: TokenCounter | None
) -> dict[tuple[int, int], int]:
    """Return the tokens of each branch by line and index: as given, or counted in one go."""
    tokens: dict[tuple[int, int], int] = {}
    texts: dict[tuple[int, int], str] = {}
    for number, line in lines.items():
        for index, branch in enumerate(line.branches):
            if branch.tokens is not UNSET:
                tokens[number, index] = branch.tokens
            elif branch.token_ids is not None:
                tokens[number, index] = len(branch.token_ids)
            elif branch.text is not None and counter is not None:
                texts[number, index] = branch.text
            else:
                raise SourceError(
                    "has no `tokens`; give their number, or `token_ids`, or a `text` that"
                    " --tokenizer FILE can count",
                    path=path,
                    location=join_location(number, f"$.branches[{index}]"),
                )
    if counter is not None and texts:
        tokens.update(zip(texts, counter.count(list(texts.values())), strict=True))
    return tokens


def _chain(
    line: BranchLine, question: Question, tokens: int, reader: AnswerReader | None
) -> Branch:
    """Return a branch with its tokens, and its final answer from its text where it names none.

    Args:
        line: as it is in the file.
        question: what it answers.
        tokens: as they were counted.
        reader: extracts a final answer that is left out; ``None`` to use the text itself.
    """
    branch = _branch(line, tokens)
    if line.final is not UNSET or line.text is None:
        return branch
    if reader is None:
        return msgspec.structs.replace(branch, final=line.text)
    return msgspec.structs.replace(
        branch,
        final=reader.read_final(line.text, question, finish=line.finish),
        final_raw=line.text[-KEPT:] if line.final_raw is None else line.final_raw,
    )


def _branch(line: BranchLine, tokens: int | None = None) -> Branch:
    """Return a branch as it is in the file, with its tokens where they were counted."""
    if tokens is None:
        tokens = 0 if line.tokens is UNSET else line.tokens
    return Branch(
        answers=line.probes or [],
        tokens=tokens,
        final="" if line.final is UNSET else line.final,
        finish=line.finish,
        seed=line.seed,
        raw=line.raw,
        final_raw=line.final_raw,
        probe_tokens=line.probe_tokens,
        entropy=line.entropy,
        logprob=line.logprob,
        top_logprob=line.top_logprob,
        text=line.text,
        token_ids=line.token_ids,
        sentences=line.sentences,
        paragraphs=line.paragraphs,
        signals={
            name: values if isinstance(values, list) else [values]
            for name, values in line.signals.items()
        },
    )

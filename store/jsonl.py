"""Imports branches from JSON Lines: one question a line, with all of its branches.

This is the way in for any collector that can write text; docs/importing.md documents the fields.
Signals go by the names of `store.records.Branch`. A malformed file gives a `SourceError` whose
place is the line and the path of the field: ``line 3, $.branches[0].tokens``.
"""

from pathlib import Path

import msgspec

from store.environment import Environment, Item, question_id
from store.errors import SourceError
from store.records import Branch, Greedy, Provenance, Question
from store.rules import branch_fault
from store.sources import Count, decode, join_place, read_text

COLLECTOR = "JSON Lines import"


class BranchLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One branch as it stands in a line."""

    tokens: Count
    final: str
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


class GreedyLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sample at temperature 0, as it stands in a line."""

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


def read_jsonl(path: Path, *, model: str, benchmark: str, interval: int) -> Environment:
    """Reads a file of questions, one a line; empty lines are passed over.

    Args:
        path: the file.
        model: the model's name.
        benchmark: the benchmark's name.
        interval: Δ, the tokens between two probes.

    Raises:
        SourceError: the file is malformed or contradicts itself.
        OSError: it cannot be read.
    """
    lines = read_lines(path)
    if not lines:
        raise SourceError("the file holds no questions", path=path)
    probed = _probed(lines, path)
    ids = _name(lines, benchmark, path)
    items = [
        Item(_question(line, name), [_branch(branch) for branch in line.branches])
        for line, name in zip(lines.values(), ids, strict=True)
    ]
    provenance = Provenance(
        model=model,
        benchmark=benchmark,
        interval=interval,
        collector=COLLECTOR,
        source=path.name,
        probed=probed,
    )
    return Environment(provenance, items)


def read_lines(path: Path) -> dict[int, QuestionLine]:
    """Every question of the file, checked by itself, by its line number (counted from 1)."""
    lines = {}
    for number, text in enumerate(read_text(path).split("\n"), start=1):
        if text.strip():
            lines[number] = decode(_DECODER, text, path, number)
            _check(lines[number], path, number)
    return lines


def _check(line: QuestionLine, path: Path, number: int) -> None:
    """Raises `SourceError` where the fields of a line contradict each other."""
    if not line.branches:
        place = join_place(number, "$.branches")
        raise SourceError("the question has no branches", path=path, place=place)
    if line.id == "":
        place = join_place(number, "$.id")
        raise SourceError("the id is empty; leave it out to have one given", path=path, place=place)
    for index, branch in enumerate(line.branches):
        fault = branch_fault(_branch(branch), probed=branch.probes is not None)
        if fault is not None:
            place = join_place(number, f"$.branches[{index}]")
            raise SourceError(fault, path=path, place=place)


def _probed(lines: dict[int, QuestionLine], path: Path) -> bool:
    """Whether the branches have probes: all of them or none."""
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
                    place=join_place(number, f"$.branches[{index}]"),
                )
    return bool(first)


def _name(lines: dict[int, QuestionLine], benchmark: str, path: Path) -> list[str]:
    """The id of each question, its own or one by its position; no two are alike."""
    taken: dict[str, int] = {}
    for index, (number, line) in enumerate(lines.items()):
        name = line.id or question_id(benchmark, index, len(lines))
        earlier = taken.setdefault(name, number)
        if earlier != number:
            raise SourceError(
                f"the id {name!r} is already that of line {earlier}; ids name one question each",
                path=path,
                place=join_place(number, "$.id"),
            )
    return list(taken)


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


def _branch(line: BranchLine) -> Branch:
    signals = {name: getattr(line, name) for name in _SIGNALS}
    return Branch(answers=line.probes or [], tokens=line.tokens, final=line.final, **signals)


_SIGNALS = tuple(
    name for name in BranchLine.__struct_fields__ if name not in {"probes", "tokens", "final"}
)

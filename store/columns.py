"""One question's branches as the three payloads of a sealed recording, and back.

CORE holds what replay needs, as columns; SIGN the numeric signals, as ragged columns; TEXT one
record a branch with all the rest. Numbers are little-endian whatever the machine, so equal branches
give equal bytes. Everything that reads raises `UnreadableRecord` with the reason.
"""

from collections.abc import Collection, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple, TypeVar, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from store.packing import UnreadableRecord, pack, pack_plain, unpack
from store.records import Branch, Core, Ragged
from store.validation import MOST_TOKENS

N = TypeVar("N", bound=np.generic)

SIGNALS = {"entropy": "<f8", "logprob": "<f8", "probe_tokens": "<i8", "top_logprob": "<f8"}
"""The numeric signals of the format itself and their types on disk."""

NAMED_TYPE = "<f8"
"""The type on disk of a signal that the provenance declares."""

WORDS = ("finish", "seed", "raw", "final_raw", "text", "token_ids", "sentences", "paragraphs")
"""The optional parts of a branch that are in TEXT."""

PARTS = frozenset(SIGNALS) | frozenset(WORDS)
"""Every optional part of a branch, besides the signals that the provenance declares."""


class Payloads(NamedTuple):
    """The payloads of one question."""

    core: bytes
    signals: bytes
    words: bytes


class _CoreColumns(msgspec.Struct, frozen=True):
    answers: list[str]
    counts: bytes
    probes: bytes
    tokens: bytes
    final: bytes


class _Counts(msgspec.Struct, frozen=True):
    counts: bytes


class _Column(msgspec.Struct, frozen=True):
    lengths: bytes
    """``<i4`` for each branch, -1 where it lacks the signal."""
    values: bytes


class Words(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The optional parts of one branch that are no numeric signals."""

    finish: str | None = None
    seed: int | None = None
    raw: list[str] | None = None
    final_raw: str | None = None
    text: str | None = None
    token_ids: list[int] | None = None
    sentences: list[int] | None = None
    paragraphs: list[int] | None = None


class QuestionColumns(NamedTuple):
    """The branches of one question, in the order of their indexes."""

    core: Core
    signals: dict[str, Ragged]
    """The signals that some branch has."""
    words: list[Words]


class ColumnBranches(Sequence[Branch]):
    """Branches held as columns: records are built when one is looked at.

    Args:
        columns: the branches.
    """

    def __init__(self, columns: QuestionColumns):
        self.columns = columns

    @cached_property
    def _records(self) -> list[Branch]:
        return _build_branches(self.columns)

    def __len__(self) -> int:
        return len(self.columns.words)

    @overload
    def __getitem__(self, index: int) -> Branch: ...
    @overload
    def __getitem__(self, index: slice) -> list[Branch]: ...
    def __getitem__(self, index: int | slice) -> Branch | list[Branch]:
        return self._records[index]


def collect_columns(branches: Sequence[Branch]) -> QuestionColumns:
    """Return branches as columns."""
    columns = {
        name: _column([getattr(branch, name) for branch in branches], kind)
        for name, kind in SIGNALS.items()
    }
    for name in sorted({name for branch in branches for name in branch.signals}):
        rows = [branch.signals.get(name) for branch in branches]
        columns[name] = _column(rows, NAMED_TYPE)
    return QuestionColumns(
        core=_core(branches),
        signals={name: column for name, column in columns.items() if column is not None},
        words=[
            Words(
                branch.finish, branch.seed, branch.raw, branch.final_raw, branch.text,
                branch.token_ids, branch.sentences, branch.paragraphs,
            )
            for branch in branches
        ],
    )  # fmt: skip


def pack_columns(columns: QuestionColumns) -> Payloads:
    """Return the payloads of one question."""
    core = columns.core
    packed = _CoreColumns(
        answers=list(core.answers),
        counts=core.counts.astype("<i4").tobytes(),
        probes=core.probes.astype("<i4").tobytes(),
        tokens=core.tokens.astype("<i8").tobytes(),
        final=core.final.astype("<i4").tobytes(),
    )
    signals = {
        name: _Column(ragged.counts.astype("<i4").tobytes(), _bytes_of(name, ragged))
        for name, ragged in columns.signals.items()
    }
    return Payloads(pack(packed), pack_plain(signals), pack_plain(columns.words))


def split_branches(branches: Sequence[Branch]) -> Payloads:
    """Return the payloads of one question's branches, which are in the order of their indexes."""
    return pack_columns(collect_columns(branches))


def column_parts(columns: QuestionColumns) -> frozenset[str]:
    """Return the optional parts that every one of the branches has."""
    signals = {
        name for name, signal in columns.signals.items() if signal.counts.min(initial=0) >= 0
    }
    words = {
        name for name in WORDS if all(getattr(column, name) is not None for column in columns.words)
    }
    return frozenset(signals | words)


def common_parts(branches: Sequence[Branch]) -> frozenset[str]:
    """Return the optional parts that every one of the branches has."""
    named = [frozenset(branch.signals) for branch in branches]
    return frozenset(
        part for part in PARTS if all(getattr(branch, part) is not None for branch in branches)
    ).union(frozenset.intersection(*named) if named else ())


def _core(branches: Sequence[Branch]) -> Core:
    # Each step is one call over all branches: a question has thousands of probes.
    texts = chain.from_iterable((*branch.answers, branch.final) for branch in branches)
    numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    number_of = numbers.__getitem__
    probes = list(map(number_of, chain.from_iterable(branch.answers for branch in branches)))
    final = [number_of(branch.final) for branch in branches]
    return Core(
        answers=tuple(numbers),
        counts=np.array([len(branch.answers) for branch in branches], np.int32),
        probes=np.array(probes, np.int32),
        tokens=np.array([branch.tokens for branch in branches], np.int64),
        final=np.array(final, np.int32),
    )


def _column(rows: Sequence[list[float] | None], kind: str) -> Ragged | None:
    if all(row is None for row in rows):
        return None
    lengths = [-1 if row is None else len(row) for row in rows]
    values = list(chain.from_iterable(row for row in rows if row is not None))
    return Ragged(np.array(lengths, np.int32), np.array(values, kind))


def _bytes_of(name: str, ragged: Ragged) -> bytes:
    return ragged.values.astype(SIGNALS.get(name, NAMED_TYPE)).tobytes()


class _Finish(msgspec.Struct, frozen=True):
    """The first part of `Words`; the others are skipped."""

    finish: str | None = None


def read_finishes(payload: bytes, branches: int) -> tuple[str | None, ...]:
    """Return the finish reasons of a TEXT payload, one for each branch; no text is kept.

    Args:
        payload: the payload.
        branches: how many branches there are.

    Raises:
        UnreadableRecord: the payload is of something else.
    """
    finishes = tuple(row.finish for row in unpack(payload, list[_Finish]))
    if len(finishes) != branches:
        raise UnreadableRecord(f"it has {len(finishes)} branches, and the core {branches}")
    return finishes


def read_core(payload: bytes) -> Core:
    """Return the core of a CORE payload; its arrays cannot be written to."""
    columns = unpack(payload, _CoreColumns)
    core = Core(
        answers=tuple(columns.answers),
        counts=_numbers(columns.counts, "<i4", np.int32, "counts"),
        probes=_numbers(columns.probes, "<i4", np.int32, "probes"),
        tokens=_numbers(columns.tokens, "<i8", np.int64, "tokens"),
        final=_numbers(columns.final, "<i4", np.int32, "final"),
    )
    branches = len(core.counts)
    if not branches or len(core.tokens) != branches or len(core.final) != branches:
        raise UnreadableRecord("its columns are of different lengths, or empty")
    if core.counts.min() < 0 or core.counts.sum(dtype=np.int64) != len(core.probes):
        raise UnreadableRecord("its counts do not add up to its probes")
    if core.tokens.min() < 0 or core.tokens.max() > MOST_TOKENS:
        raise UnreadableRecord("a number of tokens is below 0 or above 2**48")
    named = np.concatenate((core.probes, core.final))
    if named.min() < 0 or named.max() >= len(core.answers):
        raise UnreadableRecord("a probe refers to an answer that is not in the list")
    if len(set(core.answers)) != len(core.answers):
        raise UnreadableRecord("an answer appears twice in the list")
    return core


def read_branch_count(payload: bytes) -> int:
    """Return the number of branches of a CORE payload; nothing else of it is checked."""
    return len(unpack(payload, _Counts).counts) // np.dtype("<i4").itemsize


def read_signals(
    payload: bytes, branches: int, declared: Collection[str] = ()
) -> dict[str, Ragged]:
    """Read the signals of a SIGN payload by name; a count of -1 marks a missing signal.

    Args:
        payload: the payload.
        branches: how many branches there are.
        declared: the signals that the provenance declares.

    Raises:
        UnreadableRecord: the payload is of something else.
    """
    signals = {}
    for name, column in unpack(payload, dict[str, _Column]).items():
        if name not in SIGNALS and name not in declared:
            raise UnreadableRecord(f"there is no signal {name!r} in this format")
        counts = _numbers(column.lengths, "<i4", np.int32, name)
        stored = SIGNALS.get(name, NAMED_TYPE)
        kind: type[np.int64 | np.float64] = np.int64 if stored == "<i8" else np.float64
        values = _numbers(column.values, stored, kind, name)
        if len(counts) != branches or counts.min() < -1:
            raise UnreadableRecord(f"{name} does not have one length for each branch")
        if counts.clip(min=0).sum(dtype=np.int64) != len(values):
            raise UnreadableRecord(f"the lengths of {name} do not add up to its values")
        signals[name] = Ragged(counts, values)
    return signals


def join_branches(payloads: Payloads, declared: Collection[str] = ()) -> list[Branch]:
    """Return the branches that were split into these payloads.

    Args:
        payloads: the payloads.
        declared: the signals that the provenance declares.

    Raises:
        UnreadableRecord: the payloads do not belong together.
    """
    core = read_core(payloads.core)
    total = len(core.counts)
    words = unpack(payloads.words, list[Words])
    if len(words) != total:
        raise UnreadableRecord(f"it has the texts of {len(words)} branches out of {total}")
    signals = read_signals(payloads.signals, total, declared)
    return _build_branches(QuestionColumns(core, signals, words))


def _build_branches(columns: QuestionColumns) -> list[Branch]:
    core, words = columns.core, columns.words
    rows = {name: _rows(signal.counts, signal.values) for name, signal in columns.signals.items()}
    signals: dict[str, list[Any]] = {name: rows.pop(name) for name in SIGNALS if name in rows}
    answers = _rows(core.counts, core.probes)
    rest: list[dict[str, Any]] = [
        {name: getattr(record, name) for name in WORDS} for record in words
    ]
    return [
        Branch(
            answers=[core.answers[probe] for probe in answers[index] or ()],
            tokens=int(core.tokens[index]),
            final=core.answers[core.final[index]],
            **{name: column[index] for name, column in signals.items()},
            **rest[index],
            signals={
                name: values
                for name, column in rows.items()
                if (values := column[index]) is not None
            },
        )
        for index in range(len(words))
    ]


def _rows(counts: NDArray[np.int32], values: NDArray[Any]) -> list[list[Any] | None]:
    rows: list[list[Any] | None] = []
    numbers = values.tolist()
    begin = 0
    for count in counts.tolist():
        rows.append(None if count < 0 else numbers[begin : begin + count])
        begin += max(count, 0)
    return rows


def _numbers(content: bytes, stored: str, kind: type[N], name: str) -> NDArray[N]:
    """Return an aligned array in native byte order."""
    if len(content) % np.dtype(stored).itemsize:
        raise UnreadableRecord(f"the column {name} ends inside a number")
    numbers = np.frombuffer(content, stored).astype(kind)
    numbers.flags.writeable = False
    return numbers

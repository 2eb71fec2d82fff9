"""Recordings as arrays and tables."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from harness.api.argument_checks import as_path
from harness.api.data_table import DataTable
from harness.api.exceptions import translated_errors
from harness.api.progress import track_progress
from harness.errors import InputError
from harness.escaping import escape_line
from harness.explanation.inspection import RecordingInspection, inspect_recording
from harness.pages.inspect_page import overview_table, questions_table
from harness.presentation.table import Table
from harness.request.recordings import NamedRecording, find_question, name_recordings
from store.reader import Recording as StoredRecording
from store.reader import open_recording
from store.records import Core, Ragged
from store.signals import all_declarations


@dataclass(frozen=True, eq=False)
class QuestionArrays:
    """The branches of one question as arrays: N branches with at most P probes.

    Answers are numbers: the positions of their texts in ``answers``. No array can be written to.
    """

    id: str
    gold: str
    """The correct answer."""
    answers: tuple[str, ...]
    """The distinct answers of the branches."""
    probes: NDArray[np.int32]
    """(N, P) the answer after each interval; -1 after the end of the branch."""
    final: NDArray[np.int32]
    """(N,) the answer at the end of each branch."""
    tokens: NDArray[np.int64]
    """(N,) the tokens of each branch."""
    lengths: NDArray[np.int32]
    """(N,) the probes of each branch."""
    right: NDArray[np.bool_]
    """(N,) whether the final answer is the gold answer."""
    signals: Mapping[str, NDArray[np.float64]]
    """The signals that every branch has: (N,) for one value per branch, else (N, P) or, for signals
    per interval, (N, P + 1); NaN after the end of the branch.
    """

    def __repr__(self) -> str:
        branches, probes = self.probes.shape
        shape = f"{branches} branches, up to {probes} probes, {len(self.answers)} answers"
        return f"<QuestionArrays {escape_line(self.id)}: {shape}>"


class Recording:
    """A sealed recording: the branches of one model on one benchmark.

    ``recording[3]`` and ``recording["aime-07"]`` are the arrays of a question, which are read from
    the file when they are needed. `questions`, `branches` and `probes` are tables of all questions.

    Args:
        path: The file.

    Raises:
        InputError: The file is not a recording, is damaged, or is not sealed yet.
    """

    def __init__(self, path: str | os.PathLike[str]):
        with translated_errors():
            self._stored = open_recording(as_path("path", path))

    @property
    def path(self) -> Path:
        """The file."""
        return self._stored.path

    @property
    def digest(self) -> str:
        """The checksum of the content: equal recordings have equal digests."""
        return self._stored.digest

    @property
    def model(self) -> str:
        """The name of the model."""
        return self._stored.provenance.model

    @property
    def benchmark(self) -> str:
        """The name of the benchmark."""
        return self._stored.provenance.benchmark

    @property
    def interval(self) -> int:
        """The tokens between two probes."""
        return self._stored.provenance.interval

    @property
    def is_simulated(self) -> bool:
        """Whether no language model was involved."""
        return self._stored.provenance.simulated

    @property
    def question_ids(self) -> tuple[str, ...]:
        """The ids of the questions."""
        return tuple(question.id for question in self._stored.questions)

    @property
    def signals(self) -> tuple[str, ...]:
        """The signals that every branch has."""
        return tuple(sorted(self._stored.signals))

    def __len__(self) -> int:
        return len(self._stored.questions)

    def __iter__(self) -> Iterator[QuestionArrays]:
        """Yield the arrays of each question."""
        return (self[index] for index in range(len(self)))

    def __getitem__(self, question: int | str) -> QuestionArrays:
        """Return the arrays of a question.

        Args:
            question: Its position, or its id.

        Raises:
            IndexError: There is no question at that position.
            InputError: There is no question of that id; the message names the nearest.
        """
        with translated_errors():
            return _arrays(self._stored, self.position(question))

    def position(self, question: int | str) -> int:
        """Return the position of a question, from its position or id.

        Args:
            question: A position, which may count from the end (-1), or an id.

        Raises:
            IndexError: There is no question at that position.
            InputError: There is no question of that id.
        """
        if isinstance(question, str):
            return find_question(self._stored, question)
        if isinstance(question, bool) or not isinstance(question, Integral):
            raise InputError(f"question: must be a position or an id; got {question!r}")
        if not -len(self) <= question < len(self):
            raise IndexError(f"there is no question {question}; the recording has {len(self)}")
        return int(question) % len(self)

    def questions(self) -> DataTable:
        """Return a row for each question, with the columns of `rheostat export`."""
        return self._table("questions", texts=True)

    def branches(self, *, texts: bool = False) -> DataTable:
        """Return a row for each branch, with the columns of `rheostat export`.

        Args:
            texts: Whether to include what the model wrote, which is most of a recording.
        """
        return self._table("branches", texts=texts)

    def probes(self, *, texts: bool = False) -> DataTable:
        """Return a row for each probe, with the columns of `rheostat export`.

        Args:
            texts: Whether to include what the model wrote.
        """
        return self._table("probes", texts=texts)

    def describe(self, *, by_question: bool = False) -> DataTable:
        """Return the statistics of `rheostat inspect`: shares in percent, and tokens.

        Args:
            by_question: Whether to return a row for each question, in place of a single row.
        """
        inspection = self._inspect(by_question=by_question)
        full = (
            questions_table([inspection])
            if by_question
            else overview_table([inspection], all_columns=True)
        )
        shown = full if by_question else _page(inspection)
        return DataTable.from_records(full.records(), full.keys, shown)

    def verify(self) -> None:
        """Read and check every byte.

        Raises:
            InputError: The recording is damaged; the message has the position.
        """
        with translated_errors():
            self._stored.verify()

    def _table(self, name: str, *, texts: bool) -> DataTable:
        from store.parquet import load_table

        with translated_errors():
            return DataTable(load_table(self._stored, name, texts=texts))

    def _inspect(self, *, by_question: bool = False) -> RecordingInspection:
        with translated_errors():
            return inspect_recording(self._stored, questions=by_question)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recording) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        name = escape_line(f"{self.model}/{self.benchmark}")
        return f"<Recording {name}: {len(self)} questions>"

    def _repr_html_(self) -> str:
        return _page(self._inspect()).html()


RecordingLike: TypeAlias = str | os.PathLike[str] | Recording
"""The file of a sealed recording, or a `Recording`."""


class SampleRecordings(NamedTuple):
    """The built-in sample: simulated recordings of three models over two benchmarks."""

    search: tuple[Recording, ...]
    held_out: tuple[Recording, ...]

    def _repr_html_(self) -> str:
        recordings = (*self.search, *self.held_out)
        return overview_table([one._inspect() for one in recordings]).html()  # noqa: SLF001 - of this module


def load_sample(
    directory: str | os.PathLike[str] = "sample", *, progress: bool | None = None
) -> SampleRecordings:
    """Write the built-in sample, as `rheostat sample` does, and open it.

    Args:
        directory: Where the files are written; identical ones are kept.
        progress: Whether to show a bar; by default, on a terminal and in a notebook.

    Raises:
        InputError: It is not a directory, or another file has the name of a recording of the
            sample.
    """
    from store.simulation import BENCHMARKS, REASONERS, write_sample

    target = as_path("directory", directory)
    if target.exists() and not target.is_dir():
        raise InputError(f"directory: {target} is a file; name a directory, which need not exist")
    written: dict[str, list[Recording]] = {}
    with (
        translated_errors(),
        track_progress("simulating", len(BENCHMARKS) * len(REASONERS), shown=progress) as advance,
    ):
        for path, _, _ in write_sample(target):
            written.setdefault(path.parent.name, []).append(Recording(path))
            advance(1)
    search, held_out = written.values()
    return SampleRecordings(tuple(search), tuple(held_out))


def get_stored(recording: Recording) -> StoredRecording:
    """Return the open file of a recording."""
    return recording._stored  # noqa: SLF001 - the class is of this module


def open_all(on: RecordingLike | Sequence[RecordingLike], name: str = "on") -> list[NamedRecording]:
    """Open the recordings of an argument, with distinct labels.

    Args:
        on: One recording, or several.
        name: The name of the argument, for errors.

    Raises:
        InputError: There is none, one cannot be used or is empty, or two are the same.
    """
    several = [on] if isinstance(on, str | os.PathLike | Recording) else on
    if not isinstance(several, Iterable):
        raise InputError(f"{name}: must be a recording, its file, or several; got {on!r}")
    several = list(several)
    if not several:
        raise InputError(f"{name}: give at least one recording")
    for item in several:
        if not isinstance(item, str | os.PathLike | Recording):
            raise InputError(
                f"{name}: must be recordings or their files; one is of type {type(item).__name__}"
            )
    opened = [item if isinstance(item, Recording) else Recording(item) for item in several]
    return name_recordings([get_stored(recording) for recording in opened])


def _page(inspection: RecordingInspection) -> Table:
    return overview_table([inspection])


def _arrays(stored: StoredRecording, index: int) -> QuestionArrays:
    question, core = stored.questions[index], stored.core(index)
    gold = core.answers.index(question.gold) if question.gold in core.answers else -2
    declared = all_declarations(stored.provenance)
    columns = stored.signal_columns(index, stored.signals) if stored.signals else {}
    signals = {
        name: _read_only(
            ragged.values.astype(np.float64)
            if declared[name].scope == "branch"
            else _padded(ragged, core, declared[name].scope == "interval")
        )
        for name, ragged in sorted(columns.items())
    }
    return QuestionArrays(
        id=question.id,
        gold=question.gold,
        answers=core.answers,
        probes=_read_only(_fill(core.counts, core.probes, int(core.counts.max(initial=0)), -1)),
        final=_read_only(core.final.copy()),
        tokens=_read_only(core.tokens.copy()),
        lengths=_read_only(core.counts.copy()),
        right=_read_only(core.final == gold),
        signals=MappingProxyType(signals),
    )


def _padded(ragged: Ragged, core: Core, has_tail: bool) -> NDArray[np.float64]:
    width = int(core.counts.max(initial=0)) + has_tail
    return _fill(ragged.counts, ragged.values.astype(np.float64), width, np.nan)


def _fill(counts: NDArray[np.int32], values: NDArray[Any], width: int, fill: float) -> NDArray[Any]:
    """Return (N, width) values, branch by branch, filled after the end of each branch."""
    table = np.full((len(counts), width), fill, values.dtype)
    table[np.arange(width) < counts[:, None]] = values
    return table


def _read_only(values: NDArray[Any]) -> NDArray[Any]:
    values.flags.writeable = False
    return values

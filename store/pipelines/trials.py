"""Records of trials: append-only, checksummed, resumed after a crash.

A record has the frame of an unsealed recording (`store.blocks`): PIPE, the pipeline with the ids of
its questions, then a TRIL for each trial as it came. A trial is in it once. One process writes,
under a lock; a crash can leave the last append incomplete, which is truncated when the next begins.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from store.blocks import (
    PREAMBLE_SIZE,
    BlockFile,
    BlockKind,
    FileState,
    StoredBlock,
    frame_block,
    make_preamble,
    open_for_reading,
    write_all,
)
from store.errors import DamagedRecording, ForeignFile, StoreError
from store.packing import UnreadableRecord, pack, unpack
from store.pipelines.schema import Pipeline, StageChoices, Trial, format_choices
from store.writer import lock_file, open_locked, sync_directory


class TrialsHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of PIPE."""

    pipeline: Pipeline
    digest: str
    """Of the pipeline and its questions, as `pipeline_digest` gives it."""
    questions: list[str]
    """Their ids, in the order in which every trial answers them."""


class TrialLog(NamedTuple):
    """What a record holds."""

    head: TrialsHeader
    trials: dict[StageChoices, Trial]
    torn: str | None
    """A sentence about an incomplete last append, if there is one."""


class _TrialScan(NamedTuple):
    recorded: TrialLog
    end: int
    digest: bytes


def is_trial_file(path: Path) -> bool:
    """Return whether a file begins as a record of trials; other kinds are not recognised."""
    try:
        descriptor = open_for_reading(path)
    except StoreError:
        return False
    try:
        file = BlockFile(descriptor, path)
        return file.state() is FileState.OPEN and file.begins_with(BlockKind.PIPE)
    except StoreError:
        return False
    finally:
        os.close(descriptor)


def read_trials(path: Path) -> TrialLog:
    """Read a record of trials.

    Raises:
        StoreError: the file does not exist.
        ForeignFile: it is something else.
        DamagedRecording: its bytes are not those that were written.
    """
    descriptor = open_for_reading(path)
    try:
        return _scan(BlockFile(descriptor, path)).recorded
    finally:
        os.close(descriptor)


class TrialWriter:
    """A record that grows. Use it as a context manager, or `close` it.

    Args:
        descriptor: locked, at the end.
        path: of the file.
        scanned: what it holds.
    """

    def __init__(self, descriptor: int, path: Path, scanned: _TrialScan):
        """Take over a descriptor; `open` is the way to get one."""
        self._descriptor, self._path = descriptor, path
        self._recorded, self._end, self._digest = scanned

    @classmethod
    def open(cls, path: Path, head: TrialsHeader) -> Self:
        """Start a record, or continues with one of the same pipeline.

        Raises:
            StoreError: it is of another pipeline, or `RecordingBusy`, or as `read_trials`.
        """
        if not path.exists():
            _begin(path, head)
        descriptor = open_locked(path)
        try:
            scanned = _scan(BlockFile(descriptor, path))
            _refuse_other(scanned.recorded.head, head, path)
            os.ftruncate(descriptor, scanned.end)
            os.lseek(descriptor, scanned.end, os.SEEK_SET)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor, path, scanned)

    @property
    def trials(self) -> dict[StageChoices, Trial]:
        """What it holds."""
        return self._recorded.trials

    def add(self, trial: Trial) -> None:
        """Append a trial, and forces it to the disk.

        Raises:
            StoreError: it is already recorded, or does not answer the record's questions.
            OSError: the file system fails; what was written of it is taken back.
        """
        if problem := _fault(self._recorded, trial):
            raise StoreError(problem, path=self._path)
        block = frame_block(BlockKind.TRIL, pack(trial), self._digest)
        try:
            write_all(self._descriptor, block)
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self._end)
            os.lseek(self._descriptor, self._end, os.SEEK_SET)
            raise
        self._end, self._digest = self._end + len(block), block[-32:]
        self._recorded.trials[trial.choices] = trial

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _refuse_other(existing: TrialsHeader, wanted: TrialsHeader, path: Path) -> None:
    if existing.digest != wanted.digest:
        raise StoreError(
            f"contains trials of another pipeline, {existing.pipeline.name}, or of one that has"
            " changed",
            path=path,
        )


def _begin(path: Path, head: TrialsHeader) -> None:
    start = make_preamble(FileState.OPEN)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o666)
    except FileExistsError:  # another process was faster
        return
    try:
        lock_file(descriptor, path)
        write_all(descriptor, start + frame_block(BlockKind.PIPE, pack(head), start[16:]))
        os.fsync(descriptor)
        sync_directory(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _fault(recorded: TrialLog, trial: Trial) -> str | None:
    """Why a trial cannot are in a record; ``None`` where it can."""
    if trial.choices in recorded.trials:
        return f"the trial {format_choices(trial.choices)} is already recorded"
    if [result.question for result in trial.answered] != recorded.head.questions:
        return f"the trial {format_choices(trial.choices)} does not answer the record's questions"
    if len(trial.choices) != len(recorded.head.pipeline.stages):
        return f"the trial {format_choices(trial.choices)} has a different number of stages"
    return None


def _taken(recorded: TrialLog, block: StoredBlock) -> Trial:
    """Return the trial of a block.

    Raises:
        UnreadableRecord: it has no record that is allowed here.
    """
    if block.kind is not BlockKind.TRIL:
        raise UnreadableRecord(f"{block.kind.name} is not allowed in a record of trials")
    trial = unpack(block.payload, Trial)
    if problem := _fault(recorded, trial):
        raise UnreadableRecord(problem)
    return trial


def _scan(file: BlockFile) -> _TrialScan:
    """Read and check every block."""
    if file.state() is FileState.SEALED:
        raise ForeignFile("is a recording of branches, not a record of trials", path=file.path)
    first = file.block(PREAMBLE_SIZE)
    if first.kind is not BlockKind.PIPE:
        raise ForeignFile("is a recording of branches, not a record of trials", path=file.path)
    try:
        recorded = TrialLog(unpack(first.payload, TrialsHeader), {}, None)
    except UnreadableRecord as error:
        raise file.damage(first.offset, f"the pipeline cannot be read: {error}") from error
    end, digest = first.end, first.digest
    while end < file.size:
        try:
            block = file.block(end)
        except DamagedRecording as fault:
            following = file.block_behind(end, (BlockKind.TRIL,))
            if following is not None:
                reason = (
                    f"a block is damaged; the blocks from byte {following} on are intact, so this"
                    " is not an interrupted append"
                )
                raise file.damage(end, reason) from fault
            torn = f"the last append was incomplete: {file.size - end} bytes from byte {end} on"
            return _TrialScan(recorded._replace(torn=torn), end, digest)
        try:
            trial = _taken(recorded, block)
        except UnreadableRecord as error:
            raise file.damage(end, f"a block has invalid contents: {error}") from error
        recorded.trials[trial.choices] = trial
        end, digest = block.end, block.digest
    return _TrialScan(recorded, end, digest)

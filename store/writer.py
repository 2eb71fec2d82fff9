"""Write recordings: append-only while branches are collected, immutable once sealed.

One process writes a recording at a time, under an exclusive lock on the file; readers never lock.
An append is in the page cache when it returns, so it outlives the death of the process. It is
forced to the disk unless that was last done less than a second ago; then the next append, `close`
or `seal` does it. So a power cut costs at most the appends since the last forced one.

An append that fails, on a full disk for one, is taken back, and the recording can continue.
"""

import fcntl
import os
import stat
import threading
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from store.blocks import (
    BlockFile,
    BlockKind,
    FileState,
    frame_block,
    make_preamble,
    open_for_reading,
    write_all,
)
from store.errors import RecordingBusy, SealedRecording, StoreError
from store.journal import Journal, branch_payload, scan
from store.packing import UnwritableRecord, normalize, pack
from store.records import Branch, Provenance, Question
from store.sealing import AnswerForms, distinct_answers, format_version, write_sealed
from store.validation import index_fault, provenance_fault

R = TypeVar("R", bound=msgspec.Struct)

_SYNC_SECONDS = 1.0


class RecordingWriter:
    """A recording that is being collected. Use it as a context manager, or `close` it.

    Its methods may be called from several threads.
    """

    def __init__(self, descriptor: int, path: Path, journal: Journal):
        """Take over a locked descriptor; `create` and `resume` are the ways to get one."""
        self.path = path
        self.recovered = journal.torn
        """A sentence about the torn tail that `resume` truncated, or ``None``."""
        self._descriptor: int | None = descriptor
        self._journal = journal
        self._sealed = False
        self._mutex = threading.RLock()
        self._synced = float("-inf")

    @classmethod
    def create(cls, path: Path | str, provenance: Provenance) -> Self:
        """Start a recording.

        Raises:
            StoreError: the file exists, or the provenance is not a valid one.
        """
        path = Path(path)
        provenance = _accepted(provenance, path, "provenance")
        if problem := provenance_fault(provenance):
            raise StoreError(problem, path=path, location="provenance")
        start = make_preamble(FileState.OPEN, format_version(provenance))
        head = frame_block(BlockKind.HEAD, pack(provenance), start[16:])
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags, 0o666)
        except FileExistsError as error:
            raise StoreError(
                "already exists; resume it or choose another name", path=path
            ) from error
        try:
            lock_file(descriptor, path)
            write_all(descriptor, start + head)
            os.fsync(descriptor)
            sync_directory(path)
        except BaseException:
            path.unlink(missing_ok=True)
            os.close(descriptor)
            raise
        return cls(descriptor, path, Journal(provenance, len(start + head), head[-32:]))

    @classmethod
    def resume(cls, path: Path | str) -> Self:
        """Resume an unsealed recording; a torn tail is truncated and reported in ``recovered``.

        Raises:
            SealedRecording: it is complete, and nothing can be added.
            RecordingBusy: another process is writing it.
            DamagedRecording: something other than its tail is bad; nothing is changed.
            ForeignFile, NewerFormat: it is not a recording that this program can read.
        """
        path = Path(path)
        descriptor = open_locked(path)
        try:
            journal = scan(BlockFile(descriptor, path))
            if journal.torn:
                os.ftruncate(descriptor, journal.end)
                os.fsync(descriptor)
            os.lseek(descriptor, journal.end, os.SEEK_SET)
            _unfinished(path).unlink(missing_ok=True)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor, path, journal)

    @property
    def provenance(self) -> Provenance:
        """Where the recording comes from."""
        return self._journal.provenance

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions so far, in the order in which they were added."""
        return tuple(self._journal.questions.values())

    @property
    def recorded_indexes(self) -> Mapping[str, frozenset[int]]:
        """The indexes of the recorded branches, by question id."""
        return {name: frozenset(indexes) for name, indexes in self._journal.branches.items()}

    def has(self, question_id: str, index: int) -> bool:
        """Return whether this branch is there."""
        return index in self._journal.branches.get(question_id, ())

    def add_question(self, question: Question) -> None:
        """Append a question; their order is the recording's.

        Raises:
            StoreError: the id is taken, or the question is not a valid one.
            SealedRecording: the recording is sealed.
        """
        with self._mutex:
            location = f"question {question.id!r}"
            question = _accepted(question, self.path, location)
            if problem := self._journal.question_problem(question):
                raise StoreError(problem, path=self.path, location=location)
            self._append(BlockKind.QUES, pack(question))
            self._journal.take_question(question)

    def add_branch(self, question_id: str, index: int, branch: Branch) -> None:
        """Append a branch, in any order; see the module for how long it lasts.

        Args:
            question_id: id of the question.
            index: index of the branch, from 0.
            branch: the branch.

        Raises:
            StoreError: it is there already, its question is not, or it is not a valid one.
            SealedRecording: the recording is sealed.
        """
        with self._mutex:
            location = f"question {question_id!r}, branch {index}"
            branch = _accepted(branch, self.path, location)
            if problem := self._journal.branch_problem(question_id, index, branch):
                raise StoreError(problem, path=self.path, location=location)
            offset = self._append(BlockKind.BRNC, branch_payload(question_id, index, pack(branch)))
            self._journal.branches[question_id][index] = offset

    def answers(self) -> dict[str, list[str]]:
        """List the distinct answers of each question so far, by its id, sorted.

        Raises:
            DamagedRecording: a block of the journal is no longer what it was.
        """
        with self._mutex:
            return distinct_answers(self._journal, BlockFile(self._own(), self.path))

    def seal(
        self,
        missing: Mapping[str, Collection[int]] | None = None,
        without: Collection[str] = (),
        forms: AnswerForms | None = None,
    ) -> str:
        """Rewrite the recording in its one order, make it read-only and return its digest.

        The new file replaces the journal in one step; until then the journal is untouched.

        Args:
            missing: indexes of branches that could not be had, by the question's id; each question
                is recorded with its own.
            without: ids of questions that have no branches and are left out.
            forms: by the question's id, what each answer is written as; any other stays as it is.

        Raises:
            StoreError: it has no questions, or a question lacks branches that are not ``missing``,
                or has none at all.
            SealedRecording: it is sealed already.
        """
        with self._mutex:
            descriptor = self._own()
            sealed = self._complete(missing or {}, without)
            unfinished = _unfinished(self.path)
            unfinished.unlink(missing_ok=True)
            try:
                digest = self._write_sealed(descriptor, unfinished, sealed, forms or {})
                self._own()
                unfinished.replace(self.path)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
            self._sealed = True
            self.close()
            sync_directory(self.path)
            return digest.hex()

    def close(self) -> None:
        """Force what was appended to the disk and lets the lock go. Closing twice is harmless."""
        with self._mutex:
            descriptor, self._descriptor = self._descriptor, None
            if descriptor is None:
                return
            try:
                if not self._sealed:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _own(self) -> int:
        """Return the descriptor, if the path still leads to its file."""
        if self._sealed:
            raise SealedRecording("is sealed, so nothing can be added", path=self.path)
        if self._descriptor is None:
            raise StoreError("is closed; resume it to continue", path=self.path)
        if not _leads_to(self.path, self._descriptor):
            reason = "was moved, replaced or deleted while it was written; put it back and resume"
            raise StoreError(reason, path=self.path)
        return self._descriptor

    def _append(self, kind: BlockKind, payload: bytes) -> int:
        descriptor = self._own()
        begin, before = self._journal.end, self._journal.digest
        block = frame_block(kind, payload, before)
        try:
            write_all(descriptor, block)
            if time.monotonic() - self._synced >= _SYNC_SECONDS:
                os.fsync(descriptor)
                self._synced = time.monotonic()
            self._journal.end, self._journal.digest = begin + len(block), block[-len(before) :]
        except BaseException:
            self._journal.end, self._journal.digest = begin, before
            os.ftruncate(descriptor, begin)
            os.lseek(descriptor, begin, os.SEEK_SET)
            raise
        return begin

    def _complete(
        self, missing: Mapping[str, Collection[int]], without: Collection[str]
    ) -> list[Question]:
        """Return the questions as they are sealed, each with the branches that it lacks.

        Raises:
            StoreError: one cannot be sealed.
        """
        complete = []
        for name, question in self._journal.questions.items():
            indexes = self._journal.branches[name]
            if name in without and not indexes:
                continue
            lacking = sorted(set(missing.get(name, ())) - indexes.keys())
            if problem := index_fault({*indexes, *lacking} if indexes else ()):
                raise StoreError(problem, path=self.path, location=f"question {name!r}")
            complete.append(msgspec.structs.replace(question, missing=lacking or question.missing))
        if not complete:
            raise StoreError("contains no questions, so there is nothing to seal", path=self.path)
        return complete

    def _write_sealed(
        self, journal: int, unfinished: Path, sealed: list[Question], forms: AnswerForms
    ) -> bytes:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(unfinished, flags, 0o600)
        try:
            file = BlockFile(journal, self.path)
            digest = write_sealed(descriptor, self._journal, sealed, file, forms)
            mode = stat.S_IMODE(os.fstat(journal).st_mode)
            os.fchmod(descriptor, mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return digest


def _accepted(record: R, path: Path, location: str) -> R:
    try:
        return normalize(record)
    except UnwritableRecord as error:
        raise StoreError(f"cannot be recorded: {error}", path=path, location=location) from error


def _unfinished(path: Path) -> Path:
    """Where the sealed form is written before it replaces the journal."""
    return path.with_name(f"{path.name}.sealing")


def open_locked(path: Path) -> int:
    """Return a locked descriptor for the unsealed file that the path leads to."""
    while True:
        looking = open_for_reading(path)
        try:
            state = BlockFile(looking, path).state()
        finally:
            os.close(looking)
        if state is FileState.SEALED:
            raise SealedRecording("is sealed, so nothing can be added", path=path)
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            lock_file(descriptor, path)
            # Its last writer may have sealed it, and so replaced it, before it let the lock go.
            if _leads_to(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def lock_file(descriptor: int, path: Path) -> None:
    """Take the exclusive lock of a file that is written; it goes with the descriptor.

    Raises:
        RecordingBusy: another process has it.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        reason = "another process is writing this recording; wait for it or stop it"
        raise RecordingBusy(reason, path=path) from error


def _leads_to(path: Path, descriptor: int) -> bool:
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    status = os.fstat(descriptor)
    return (named.st_dev, named.st_ino) == (status.st_dev, status.st_ino)


def sync_directory(path: Path) -> None:
    """Make the name itself durable."""
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

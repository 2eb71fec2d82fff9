"""Zip archives whose entries may be compressed with Zstandard.

Python reads such entries from 3.14 on, and there it stops at the first Zstandard frame of an entry;
inspect_ai writes an entry of more than 200 MB in several. So their raw bytes are taken from the
archive, and decompressed as a whole.
"""

import struct
import zipfile
import zlib
from pathlib import Path
from types import TracebackType
from typing import Self

from store.errors import SourceError
from store.sources import zstd_decompress

_ZSTANDARD = 93
"""The compression method, by the specification of the zip format."""

_LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Of an entry: its signature, and the lengths of the name and the extra field after it."""


class Archive:
    """An open zip archive; use it as a context manager.

    Args:
        path: the file.

    Raises:
        SourceError: it is no zip archive, or is truncated.
        OSError: the file cannot be read.
    """

    def __init__(self, path: Path):
        self._path = path
        self._file = path.open("rb")
        try:
            self._zip = zipfile.ZipFile(self._file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            self._file.close()
            reason = f"is not a zip archive, or is truncated: {error}"
            raise SourceError(reason, path=path) from error
        # Of two entries of one name the last one counts, as with every reader of zip archives.
        self._entries = {entry.filename: entry for entry in self._zip.infolist()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()
        self._file.close()

    @property
    def names(self) -> list[str]:
        """The names of the entries, in the order of the archive."""
        return list(self._entries)

    def read(self, name: str) -> bytes:
        """Read and check an entry.

        Raises:
            SourceError: it is damaged, or compressed in another way.
        """
        entry = self._entries[name]
        try:
            if entry.compress_type != _ZSTANDARD:
                return self._zip.read(entry)
            content = zstd_decompress(self._raw(entry))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError,
                zlib.error, struct.error) as error:  # fmt: skip
            raise SourceError(f"is damaged: {error}", path=self._path, location=name) from error
        if zlib.crc32(content) != entry.CRC:
            raise SourceError("is damaged: wrong checksum", path=self._path, location=name)
        return content

    def _raw(self, entry: zipfile.ZipInfo) -> bytes:
        """Return the compressed bytes of an entry."""
        if entry.flag_bits & 1:
            raise ValueError("the entry is encrypted")
        self._file.seek(entry.header_offset)
        header = self._file.read(_LOCAL_HEADER.size)
        signature, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        if signature != b"PK\x03\x04":
            raise ValueError("a header that the directory lists is missing")
        self._file.seek(name_length + extra_length, 1)
        return self._file.read(entry.compress_size)

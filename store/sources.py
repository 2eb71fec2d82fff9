"""Reading files that other programs wrote: text in, checked records out.

Whatever is wrong with such a file becomes a `SourceError` that names the place: the path of the
field inside the data, the line, or the byte.
"""

import bz2
import gzip
import lzma
import re
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from store.errors import SourceError
from store.rules import MOST_TOKENS

T = TypeVar("T")

Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_TOKENS)]
"""A count of tokens, characters or the like."""

Positive = Annotated[int, msgspec.Meta(ge=1, le=MOST_TOKENS)]

_PLACED = re.compile(r"(?P<problem>.*) - at `(?P<place>.*)`", re.DOTALL)
_MALFORMED = re.compile(r"JSON is malformed: (?P<problem>.*) \((?P<place>byte \d+)\)", re.DOTALL)


_COMPRESSED: dict[bytes, tuple[str, Callable[[bytes], bytes]]] = {
    b"\x1f\x8b": ("gzip", gzip.decompress),
    b"BZh": ("bzip2", bz2.decompress),
    b"\xfd7zXZ\x00": ("xz", lzma.decompress),
    b"\x28\xb5\x2f\xfd": ("Zstandard", lambda data: zstd_decompress(data)),
}
"""By the first bytes of a file: the format's name, and what decompresses it."""

COMPRESSION_SUFFIXES = frozenset({".gz", ".bz2", ".xz", ".zst"})


def zstd_decompress(data: bytes) -> bytes:
    """Decompress all Zstandard frames of ``data``.

    Raises:
        ValueError: it is not Zstandard data, or is cut off.
    """
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    try:
        return zstd.decompress(data)
    except zstd.ZstdError as error:
        raise ValueError(str(error)) from error


def data_suffix(path: Path) -> str:
    """The suffix of a file in lower case, without that of its compression: ``.csv`` of ``.csv.gz``.

    It is empty for a name without one.
    """
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in COMPRESSION_SUFFIXES else suffix


def read_data(path: Path) -> bytes:
    """Read a file, decompressed where its first bytes are those of a compressed file.

    Raises:
        SourceError: the compressed data is damaged.
        OSError: it cannot be read.
    """
    content = path.read_bytes()
    for magic, (name, decompress) in _COMPRESSED.items():
        if content.startswith(magic):
            try:
                return decompress(content)
            except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
                reason = f"the {name} data is damaged or cut off: {error}"
                raise SourceError(reason, path=path) from error
    return content


def read_text(path: Path) -> str:
    """Read a UTF-8 file, with or without a byte order mark, compressed or not.

    Raises:
        SourceError: it is not UTF-8, or the compressed data is damaged.
        OSError: it cannot be read.
    """
    try:
        return read_data(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            "is not UTF-8 text; save the file as UTF-8", path=path, place=f"byte {error.start}"
        ) from None


def decode(decoder: msgspec.json.Decoder[T], text: str, path: Path, line: int | None = None) -> T:
    """Decodes one JSON document, the whole of ``path`` or its line ``line`` (counted from 1).

    Raises:
        SourceError: the text is not JSON, or not of the decoder's type.
    """
    try:
        return decoder.decode(text)
    except msgspec.DecodeError as error:
        problem, place = _say(str(error))
    except RecursionError:
        problem, place = "the JSON is nested too deeply", None
    raise SourceError(problem, path=path, place=join_place(line, place))


def join_place(line: int | None, field: str | None) -> str | None:
    """A place in words: ``line 3, $.branches[0].tokens``; either part may be missing."""
    parts = [] if line is None else [f"line {line}"]
    if field is not None:
        parts.append(field)
    return ", ".join(parts) or None


def _say(message: str) -> tuple[str, str | None]:
    """Splits a decoder's message into the problem and the place, where it names one."""
    if message == "Input data was truncated":
        return "the JSON ends too early; the file may be cut off", None
    if malformed := _MALFORMED.fullmatch(message):
        return f"not JSON: {malformed['problem']}", malformed["place"]
    if placed := _PLACED.fullmatch(message):
        return _plain(placed["problem"]), placed["place"]
    return _plain(message), "$"


def _plain(problem: str) -> str:
    """The decoder's complaint with its first letter small, as the end of a sentence."""
    return problem[:1].lower() + problem[1:]

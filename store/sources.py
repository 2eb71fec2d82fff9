"""Reading files that other programs wrote: text in, checked records out.

Whatever is wrong with such a file becomes a `SourceError` that names the location: the path of the
field inside the data, the line, or the byte.
"""

import bz2
import gc
import gzip
import json
import lzma
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import msgspec.inspect

from store.errors import SourceError
from store.messages import lower_first, suggest_name
from store.validation import MOST_TOKENS

T = TypeVar("T")

Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_TOKENS)]
"""A count of tokens, characters or the like."""

Positive = Annotated[int, msgspec.Meta(ge=1, le=MOST_TOKENS)]

_UNKNOWN = re.compile(r"object contains unknown field `(?P<field>.*)`", re.DOTALL)
_PLACED = re.compile(r"(?P<problem>.*) - at `(?P<location>.*)`", re.DOTALL)
_MALFORMED = re.compile(r"JSON is malformed: (?P<problem>.*) \((?P<location>byte \d+)\)", re.DOTALL)


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
        ValueError: it is not Zstandard data, or is truncated.
    """
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    try:
        return zstd.decompress(data)
    except zstd.ZstdError as error:
        raise ValueError(str(error)) from error


@contextmanager
def paused_collection() -> Iterator[None]:
    """Pause the search for cycles: records have none, and visiting them takes a third of a read."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def data_suffix(path: Path) -> str:
    """Return a file's suffix in lower case, without a compression suffix: ``.csv`` of ``.csv.gz``.

    It is empty for a name without one.
    """
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in COMPRESSION_SUFFIXES else suffix


def read_data(path: Path) -> bytes:
    """Read a file, decompressed where its first bytes are those of a compressed file.

    Raises:
        SourceError: the compressed data is damaged.
        OSError: the file cannot be read.
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
        OSError: the file cannot be read.
    """
    try:
        return read_data(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            "is not UTF-8 text; save the file as UTF-8", path=path, location=f"byte {error.start}"
        ) from None


def decode(decoder: msgspec.json.Decoder[T], text: str, path: Path, line: int | None = None) -> T:
    """Decode one JSON document, the whole of ``path`` or its line ``line`` (counted from 1).

    Args:
        decoder: decodes and checks the document.
        text: the JSON text.
        path: the file, for errors.
        line: line number from 1; ``None`` for the whole file.

    Raises:
        SourceError: the text is not JSON, or not of the decoder's type.
    """
    try:
        return decoder.decode(text)
    except msgspec.DecodeError as error:
        problem, location = _say(str(error))
        if location is not None:
            location = _name_key(decoder, text, str(error), location)
        if unknown := _UNKNOWN.fullmatch(problem):
            problem += f"; {_suggestion(decoder.type, location, unknown['field'])}"
    except RecursionError:
        problem, location = "the JSON is nested too deeply", None
    raise SourceError(problem, path=path, location=join_location(line, location))


def _suggestion(kind: object, location: str | None, field: str) -> str:
    """Return the known field that an unknown one resembles, or all that there are."""
    known = _fields_at(msgspec.inspect.type_info(kind), location or "$")
    return suggest_name(field, known, quote="`")


def _fields_at(kind: msgspec.inspect.Type, location: str) -> list[str]:
    """Return the names of the fields that an object has at a path such as ``$.branches[0]``."""
    kind = _object(kind)
    for name in re.findall(r"\.(\w+)", location):
        if isinstance(kind, msgspec.inspect.StructType):
            types = [field.type for field in kind.fields if field.encode_name == name]
            kind = _object(types[0]) if types else kind
    if isinstance(kind, msgspec.inspect.StructType):
        return [field.encode_name for field in kind.fields]
    return []


def _object(kind: msgspec.inspect.Type) -> msgspec.inspect.Type:
    """Return the object inside of lists and of what is optional."""
    while isinstance(kind, msgspec.inspect.ListType | msgspec.inspect.UnionType):
        if isinstance(kind, msgspec.inspect.ListType):
            kind = kind.item_type
        else:
            kind = next(
                (one for one in kind.types if not isinstance(one, msgspec.inspect.NoneType)),
                kind.types[0],
            )
    return kind


_ANY_KEY = "[...]"
"""What a decoder's path has in place of a key of a map."""


def _name_key(decoder: msgspec.json.Decoder[T], text: str, message: str, location: str) -> str:
    """Return the path of an error, with the key of a map that the decoder left open.

    Args:
        decoder: what refused the document.
        text: the document.
        message: the decoder's message.
        location: the path in it, such as ``$.branches[0].signals[...][1]``.
    """
    before, is_open, after = location.partition(_ANY_KEY)
    if not is_open:
        return location
    try:
        document = json.loads(text)
        values = document
        for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", before):
            values = values[name or int(index)]
        entries = dict(values)
    except (ValueError, RecursionError, LookupError, TypeError):
        # The decoder stopped at its error; what follows may be damaged, or replace a field.
        return location
    for key, value in entries.items():
        # The key is the one that alone gives the same message.
        values.clear()
        values[key] = value
        try:
            # A number that is out of range is read as infinite, which has no form in JSON.
            decoder.decode(json.dumps(document).replace("Infinity", "1e999"))
        except (msgspec.DecodeError, RecursionError) as error:
            if str(error) == message:
                return f"{before}.{key}{after}"
    return location


def join_location(line: int | None, field: str | None) -> str | None:
    """Format a location: ``line 3, $.branches[0].tokens``; either part may be missing."""
    parts = [] if line is None else [f"line {line}"]
    if field is not None:
        parts.append(field)
    return ", ".join(parts) or None


def _say(message: str) -> tuple[str, str | None]:
    """Split a decoder's message into the problem and the path, if it names one."""
    if message == "Input data was truncated":
        return "the JSON ends too early; the file may be cut off", None
    if malformed := _MALFORMED.fullmatch(message):
        return f"not JSON: {malformed['problem']}", malformed["location"]
    if placed := _PLACED.fullmatch(message):
        return lower_first(placed["problem"]), placed["location"]
    return lower_first(message), "$"

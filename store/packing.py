"""Records to msgpack and back, with one spelling for each content.

Equal records give equal bytes: a field that equals its default is left out whether or not it is
the very same object, maps inside a record are sorted by key, and numbers take the type of their
field (``temperature=1`` is written as the double 1.0).
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, TypeVar

import msgspec

T = TypeVar("T")
R = TypeVar("R", bound=msgspec.Struct)

_ENCODER = msgspec.msgpack.Encoder(order="deterministic")


class UnreadableRecord(Exception):
    """Malformed bytes; the message is the reason, without a location."""


class UnwritableRecord(Exception):
    """A record that does not fit its type; the message is the reason, without a location."""


class _Field(NamedTuple):
    name: str
    written: str
    default: object


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[_Field, ...]:
    fields = []
    for field in msgspec.structs.fields(kind):
        factory = field.default_factory
        default = field.default if factory is msgspec.NODEFAULT else factory()
        fields.append(_Field(field.name, field.encode_name, default))
    return tuple(fields)


def _plain(value: object) -> object:
    """Structs as maps without defaults. msgspec's own omission goes by identity, ours by value."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if not isinstance(value, msgspec.Struct):
        return value
    content: dict[str, object] = {}
    for field in _fields(type(value)):
        item = getattr(value, field.name)
        if item != field.default:
            content[field.written] = _plain(item)
    return content


def pack(record: msgspec.Struct) -> bytes:
    """Return the bytes of a record whose fields have the types that it declares."""
    return _ENCODER.encode(_plain(record))


def pack_plain(content: object) -> bytes:
    """Return the bytes of anything that is not a record with defaults, as it is."""
    return _ENCODER.encode(content)


def unpack(payload: bytes, kind: type[T]) -> T:
    """Read a record back.

    Raises:
        UnreadableRecord: the bytes are not msgpack, or not of this type; whatever they are.
    """
    try:
        return msgspec.msgpack.decode(payload, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, MemoryError) as error:
        raise UnreadableRecord(str(error)) from error


def normalize(record: R) -> R:
    """Return the record as it will be read back: types checked, numbers in their field's type.

    Raises:
        UnwritableRecord: a field holds what its type does not admit, or msgpack cannot express.
    """
    try:
        payload = pack(record)
        return msgspec.msgpack.decode(payload, type=type(record))
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise UnwritableRecord(str(error)) from error


def normalize_all(records: Sequence[R]) -> list[R]:
    """Return records of one kind, none of which contains another, as they will be read back.

    Raises:
        UnwritableRecord: a field holds what its type does not admit; which record is not said.
    """
    if not records:
        return []
    try:
        payload = msgspec.msgpack.encode(records)
        decoded: list[R] = msgspec.msgpack.decode(payload, type=_list_of(type(records[0])))
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise UnwritableRecord(str(error)) from error
    return decoded


@cache
def _list_of(kind: type[msgspec.Struct]) -> object:
    return list[kind]  # type: ignore[valid-type]

"""The types of kernels: what their hints are in LLVM, and the operands of their expressions."""

from collections.abc import Callable
from typing import Any, NamedTuple, get_type_hints


class Ints16(list[int]):
    """An array of 16-bit integers, as an argument of a kernel."""


class Ints32(list[int]):
    """An array of 32-bit integers, as an argument of a kernel."""


class Ints64(list[int]):
    """An array of 64-bit integers, as an argument of a kernel."""


class Reals(list[float]):
    """An array of doubles, as an argument of a kernel."""


class Bytes(list[int]):
    """An array of bytes, as an argument of a kernel."""


_KINDS = {int: "i64", float: "double", bool: "i1", type(None): "void"}
_ARRAYS = {Ints16: "i16", Ints32: "i32", Ints64: "i64", Reals: "double", Bytes: "i8"}
NARROW = {"i32", "i16", "i8"}


class TypedValue(NamedTuple):
    """A value in the function being written."""

    kind: str
    """Its LLVM type; for an array ``*`` and the type of its elements."""
    value: str
    record: type | None = None
    """The named tuple that it is."""


class KernelConstant(NamedTuple):
    """A value that is known while the kernel is translated."""

    value: Any


Operand = TypedValue | KernelConstant


def kind_of(hint: Any) -> str:  # noqa: ANN401 - a type hint
    """Return the LLVM type of a type hint."""
    if hint in _KINDS:
        return _KINDS[hint]
    if hint in _ARRAYS:
        return f"*{_ARRAYS[hint]}"
    parts = [kind_of(part) for part in parts_of(hint)]
    return f"{{ {', '.join(parts)} }}"


def parts_of(hint: Any) -> list[Any]:  # noqa: ANN401
    """Return the types of the fields of a named tuple, or of the parts of a tuple."""
    if hasattr(hint, "_fields"):
        hints = get_type_hints(hint)
        return [hints[name] for name in hint._fields]
    return list(hint.__args__)


def passed_as(kind: str) -> str:
    """Return the LLVM type of an argument."""
    return "ptr" if kind.startswith("*") else kind


def symbol(kernel: Callable[..., Any]) -> str:
    """Return the name of a kernel in LLVM."""
    return f"@{kernel.__module__}.{kernel.__qualname__}"


class KernelTable(NamedTuple):
    """A table of doubles that a kernel reads as ``function()[row][column]``."""

    pointer: str
    """The global variable that holds its address."""
    columns: int


def record_of(hint: Any) -> type | None:  # noqa: ANN401
    """Return the named tuple that a type hint is, if it is one."""
    return hint if hasattr(hint, "_fields") else None


def split(kind: str) -> list[str]:
    """Return the parts of a struct of scalars: ``{ double, i64 }``."""
    return [part.strip() for part in kind.strip("{} ").split(",")]

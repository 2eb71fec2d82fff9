"""Results of costly kernels, kept by their arguments: steps often compute the same ones again.

A kernel that takes reals alone always gives the same result for the same bits. So the results that
were computed last are kept in the memory of a thread, in a table for each kernel that a program
calls. Where a result is kept follows from a hash of its arguments; a new one replaces the old.
"""

from collections.abc import Callable
from typing import Any

from dsl.compiler.emitter import Emitter
from dsl.compiler.kernel_types import symbol
from dsl.compiler.kernels import KernelLibrary

_BITS = 9
_ENTRY = 4
TABLE_DOUBLES = _ENTRY << _BITS
"""Doubles of one table: entries of two arguments and their result, padded. Not a number at first,
which no argument is."""

_FACTORS = (-7046029254386353131, -4417276706812531889)
"""Odd multipliers that spread the bits of each argument."""


class KeptResults:
    """Emits the calls whose results are kept, of one program.

    Args:
        library: the kernels of the program.
        tables: address of the first table.
    """

    def __init__(self, library: KernelLibrary, tables: str):
        self._library = library
        self._tables = tables
        self._texts: dict[str, str] = {}

    def in_function(self, tables: str) -> "KeptResults":
        """Return the same for another function of the module, with the address of the table."""
        other = KeptResults(self._library, tables)
        other._texts = self._texts
        return other

    @property
    def count(self) -> int:
        """How many tables the program needs."""
        return len(self._texts)

    def call(self, emit: Emitter, kernel: Callable[..., Any], *arguments: str) -> str:
        """Emit a call of a kernel of one or two reals, unless its result is kept."""
        name = f"@kept.{symbol(kernel).removeprefix('@')}"
        if name not in self._texts:
            self._texts[name] = self._function(name, kernel, len(arguments))
        index = list(self._texts).index(name)
        table = emit.element("double", self._tables, str(index * TABLE_DOUBLES))
        passed = [f"double {argument}" for argument in arguments]
        return emit.call("double", name, f"ptr {table}", *passed)

    def text(self) -> str:
        """Return all the functions."""
        return "\n".join(self._texts.values())

    def _function(self, name: str, kernel: Callable[..., Any], count: int) -> str:
        parameters = [f"%x{number}" for number in range(count)]
        head = ", ".join(["ptr %table", *(f"double {parameter}" for parameter in parameters)])
        emit = Emitter(f"internal double {name}({head})")
        keys = [emit.op(f"bitcast double {parameter} to i64") for parameter in parameters]
        entry = emit.element("double", "%table", self._position(emit, keys))
        same = "true"
        for number, key in enumerate(keys):
            kept = emit.load_element("i64", entry, str(number))
            same = emit.op(f"and i1 {same}, {emit.op(f'icmp eq i64 {kept}, {key}')}")
        result = emit.element("double", entry, str(_ENTRY - 1))
        with emit.when(emit.op(f"xor i1 {same}, true")):
            emit.store("double", self._library.call(emit, kernel, *parameters), result)
            for number, key in enumerate(keys):
                emit.store_element("i64", key, entry, str(number))
        emit.give("double", emit.load("double", result))
        return emit.text()

    def _position(self, emit: Emitter, keys: list[str]) -> str:
        """Return where in the table the result for some arguments is kept."""
        mixed = "0"
        for key, factor in zip(keys, _FACTORS, strict=False):
            mixed = emit.op(f"xor i64 {mixed}, {emit.op(f'mul i64 {key}, {factor}')}")
        # Doubles with few digits differ in their high bits alone, which have to reach the result.
        folded = emit.op(f"xor i64 {mixed}, {emit.op(f'lshr i64 {mixed}, 32')}")
        spread = emit.op(f"mul i64 {folded}, {_FACTORS[0]}")
        slot = emit.op(f"lshr i64 {spread}, {64 - _BITS}")
        return emit.op(f"mul i64 {slot}, {_ENTRY}")

"""A kernel as machine code, called from Python: arrays are numpy's, changed in place."""

from collections.abc import Callable
from functools import cache
from typing import Any, get_type_hints

import numpy as np

from dsl.compiler.emitter import Emitter
from dsl.compiler.kernel_types import Bytes, Ints16, Ints32, Ints64, Reals, kind_of
from dsl.compiler.kernels import MODULES, KernelLibrary
from dsl.compiler.native import NativeProgram, Tier, compile_text
from dsl.compiler.numbers import INTRINSICS
from dsl.compiler.objects import ObjectCache

Kernel = Callable[..., Any]

DTYPES = {
    Ints16: np.int16, Ints32: np.int32, Ints64: np.int64, Reals: np.float64, Bytes: np.int8,
}  # fmt: skip


@cache
def native(kernel: Kernel) -> Kernel:
    """The kernel, compiled by the way that programs go."""
    ObjectCache()._load_shared()
    hints = get_type_hints(kernel)
    gives = hints.pop("return")
    library = KernelLibrary(elsewhere=MODULES)
    emit = Emitter("void @run(ptr noalias %words)")
    arguments = [_argument(emit, index, kind_of(hint)) for index, hint in enumerate(hints.values())]
    found = library.call(emit, kernel, *arguments)
    out = emit.element("i64", "%words", str(len(arguments)))
    match kind_of(gives):
        case "void":
            pass
        case "i1":
            emit.store("i64", emit.op(f"zext i1 {found} to i64"), out)
        case kind:
            emit.store(kind, found, out)
    emit.give("void")
    text = "\n".join((INTRINSICS, library.text(), emit.text()))
    code = NativeProgram(compile_text(text, Tier.QUICK))

    def call(*values: Any) -> Any:  # noqa: ANN401
        words = np.array([*map(_word, values), 0], np.uint64)
        code.run(words.ctypes.data)
        if gives is float:
            return float(words[-1:].view(np.float64)[0])
        return gives(words[-1:].view(np.int64)[0]) if gives is not type(None) else None

    return call


def _argument(emit: Emitter, index: int, kind: str) -> str:
    place = emit.element("i64", "%words", str(index))
    if kind == "i1":
        return emit.op(f"trunc i64 {emit.load('i64', place)} to i1")
    return emit.load("ptr" if kind.startswith("*") else kind, place)


def _word(value: Any) -> int:  # noqa: ANN401
    if isinstance(value, np.ndarray):
        return int(value.ctypes.data)
    if isinstance(value, float):
        return int(np.float64(value).view(np.uint64))
    return int(value) % 2**64


def arrays(kernel: Kernel, *values: Any) -> tuple[list[Any], list[Any]]:  # noqa: ANN401
    """Arguments for Python, with lists, and for machine code, with arrays of the right types."""
    plain, packed = [], []
    hints = get_type_hints(kernel)
    hints.pop("return")
    for hint, value in zip(hints.values(), values, strict=True):
        plain.append(list(value) if isinstance(value, list) else value)
        packed.append(np.array(value, DTYPES[hint]) if isinstance(value, list) else value)
    return plain, packed

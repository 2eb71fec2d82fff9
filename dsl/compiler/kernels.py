"""From plain Python to LLVM: the kernels that both engines share are written once, in Python.

What a kernel may use: numbers, truths, named tuples of them, arrays given as arguments, constants
of its module; assignment, `if`, `while`, `for` over a range or a constant tuple, `break`, `return`;
calls of other kernels. Integers are machine words and wrap; doubles are IEEE, nothing is fused.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, get_type_hints

from dsl.compiler.emitter import Emitter
from dsl.compiler.kernel_translator import Translator
from dsl.compiler.kernel_types import Table, kind_of, passed_as, symbol


class Library:
    """The kernels that a module needs, with all that they call, translated once each.

    Args:
        tables: functions that give a table of doubles.
        elsewhere: Python modules whose kernels are compiled elsewhere, and only declared here.
        linkage: how the kernels are linked.
    """

    def __init__(
        self,
        tables: Mapping[Callable[..., Any], "Table"] | None = None,
        elsewhere: Collection[str] = (),
        linkage: str = "internal ",
    ):
        self.tables = tables or {}
        self._linkage = linkage
        self._elsewhere = elsewhere
        self._texts: dict[str, str] = {}

    def need(self, kernel: Callable[..., Any]) -> str:
        """Has a kernel translated; gives its symbol."""
        name = symbol(kernel)
        if name not in self._texts:
            self._texts[name] = ""  # a kernel does not call itself
            self._texts[name] = (
                _declaration(kernel)
                if kernel.__module__ in self._elsewhere
                else Translator(kernel, self, self._linkage).text()
            )
        return name

    def call(self, emitter: Emitter, kernel: Callable[..., Any], *arguments: str) -> str:
        """Emits a call with arguments that have the kernel's types already."""
        hints = get_type_hints(kernel)
        gives = kind_of(hints.pop("return"))
        passed = [
            f"{passed_as(kind_of(hint))} {argument}"
            for hint, argument in zip(hints.values(), arguments, strict=True)
        ]
        target = self.need(kernel)
        if gives == "void":
            emitter.do(f"call void {target}({', '.join(passed)})")
            return ""
        return emitter.call(gives, target, *passed)

    def text(self) -> str:
        """All the functions."""
        return "\n".join(self._texts.values())


def _declaration(kernel: Callable[..., Any]) -> str:
    hints = get_type_hints(kernel)
    gives = kind_of(hints.pop("return"))
    takes = ", ".join(passed_as(kind_of(hint)) for hint in hints.values())
    return f"declare {gives} {symbol(kernel)}({takes})\n"

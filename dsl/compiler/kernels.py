"""Kernels: plain Python functions translated to LLVM, so that both engines share one definition.

The shared ones are compiled once for all programs: exp, log, pow, the Beta and Gamma distributions,
votes and sets, random draws.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from inspect import getmembers, isfunction
from types import ModuleType
from typing import Any, get_type_hints

from dsl import beta, dirichlet, exponentials, random_draws
from dsl.compiler import set_kernels, vote_kernels
from dsl.compiler.emitter import Emitter
from dsl.compiler.kernel_translator import Translator
from dsl.compiler.kernel_types import KernelTable, kind_of, passed_as, symbol
from dsl.compiler.numbers import INTRINSICS


class KernelLibrary:
    """The kernels that a module needs, with all that they call, translated once each.

    Args:
        tables: functions that give a table of doubles.
        elsewhere: Python modules whose kernels are compiled elsewhere, and only declared here.
        linkage: how the kernels are linked.
    """

    def __init__(
        self,
        tables: Mapping[Callable[..., Any], "KernelTable"] | None = None,
        elsewhere: Collection[str] = (),
        linkage: str = "internal ",
    ):
        self.tables = tables or {}
        self._linkage = linkage
        self._elsewhere = elsewhere
        self._texts: dict[str, str] = {}

    def need(self, kernel: Callable[..., Any]) -> str:
        """Have a kernel translated; gives its symbol."""
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
        """Emit a call with arguments that have the kernel's types already."""
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
        """Return all the functions."""
        return "\n".join(self._texts.values())


def _declaration(kernel: Callable[..., Any]) -> str:
    hints = get_type_hints(kernel)
    gives = kind_of(hints.pop("return"))
    takes = ", ".join(passed_as(kind_of(hint)) for hint in hints.values())
    return f"declare {gives} {symbol(kernel)}({takes})\n"


def _list_functions(module: ModuleType) -> Iterator[Callable[..., Any]]:
    """Yield the functions that a module defines, by name."""
    return (
        function for _, function in getmembers(module, isfunction)
        if function.__module__ == module.__name__
    )  # fmt: skip


KERNELS: tuple[Callable[..., Any], ...] = (
    exponentials.exp_real, exponentials.log_real, exponentials.pow_real,
    beta.beta_confidence_int, beta.beta_confidence_real, beta.beta_quantile,
    dirichlet.clip_votes, dirichlet.lay_nodes, dirichlet.node_at, dirichlet.density_at,
    dirichlet.probability_below, random_draws.splitmix64, *_list_functions(vote_kernels),
    *_list_functions(set_kernels),
)  # fmt: skip
"""What programs call."""

MODULES = frozenset(kernel.__module__ for kernel in KERNELS)
"""Whose kernels programs find here."""

SYMBOLS = tuple(symbol(kernel).removeprefix("@") for kernel in KERNELS)

SET_TABLE = "use_confidence_table"
"""The function that is to be called first, with the address of the table."""

_TABLE = "@confidence_table"


def translate_shared() -> str:
    """Return the module of the shared kernels."""
    table = KernelTable(_TABLE, beta.EXACT_VOTES + 1)
    library = KernelLibrary({beta.confidence_table: table}, linkage="")
    for kernel in KERNELS:
        library.need(kernel)
    setter = (
        f"define void @{SET_TABLE}(ptr %table) {{\n  store ptr %table, ptr {_TABLE}\n  ret void\n}}"
    )
    return "\n".join((INTRINSICS, f"{_TABLE} = internal global ptr null", library.text(), setter))

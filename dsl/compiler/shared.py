"""The kernels that are compiled once for all programs: exp, log, pow and the Beta distribution.

They are much longer than most programs, and are called seldom enough to stay functions.
"""

from dsl import beta, exponentials
from dsl.compiler.kernel_types import Table, symbol
from dsl.compiler.kernels import Library
from dsl.compiler.numbers import INTRINSICS

KERNELS = (
    exponentials.exp_real, exponentials.log_real, exponentials.pow_real,
    beta.beta_confidence_int, beta.beta_confidence_real, beta.beta_quantile,
)  # fmt: skip
"""What programs call."""

MODULES = frozenset({exponentials.__name__, beta.__name__})
"""Whose kernels programs find here."""

SYMBOLS = tuple(symbol(kernel).removeprefix("@") for kernel in KERNELS)

SET_TABLE = "use_confidence_table"
"""The function that is to be called first, with the address of the table."""

_TABLE = "@confidence_table"


def translate_shared() -> str:
    """The module of the shared kernels."""
    table = Table(_TABLE, beta.EXACT_VOTES + 1)
    library = Library({beta.confidence_table: table}, linkage="")
    for kernel in KERNELS:
        library.need(kernel)
    setter = (
        f"define void @{SET_TABLE}(ptr %table) {{\n  store ptr %table, ptr {_TABLE}\n  ret void\n}}"
    )
    return "\n".join((INTRINSICS, f"{_TABLE} = internal global ptr null", library.text(), setter))

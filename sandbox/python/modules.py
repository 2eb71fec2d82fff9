"""The modules that a controller may import, as shows of some of their names.

The modules themselves are never handed over: `statistics` holds `sys`, and so everything.
"""

import collections
import math
import statistics
from collections.abc import Mapping


class Facade:
    """Some names of a module, and nothing else."""

    __slots__ = ("_names", "_title")

    def __init__(self, title: str, names: Mapping[str, object]):
        self._title = title
        self._names = dict(names)

    def __repr__(self) -> str:
        return f"<module {self._title}>"

    def __dir__(self) -> list[str]:
        return list(self._names)

    def __getattr__(self, name: str) -> object:
        # `from math import sqrt` reads attributes without the guard; the names are public ones.
        try:
            return self._names[name]
        except KeyError:
            raise AttributeError(f"{self._title} has no {name!r} here") from None


_MATH = tuple(name for name in dir(math) if not name.startswith("_"))
# What takes memory or time beyond any bound in one call stays out.
_MATH_OUT = {"comb", "factorial", "perm"}
_STATISTICS = (
    "fmean", "geometric_mean", "harmonic_mean", "mean", "median", "median_grouped", "median_high",
    "median_low", "mode", "multimode", "pstdev", "pvariance", "quantiles", "stdev", "variance",
)  # fmt: skip
_COLLECTIONS = ("Counter", "OrderedDict", "defaultdict", "deque")

FACADES = {
    "math": Facade("math", {n: getattr(math, n) for n in _MATH if n not in _MATH_OUT}),
    "statistics": Facade("statistics", {n: getattr(statistics, n) for n in _STATISTICS}),
    "collections": Facade("collections", {n: getattr(collections, n) for n in _COLLECTIONS}),
}


def guarded_import(
    name: str,
    _globals: object = None,
    _locals: object = None,
    fromlist: tuple[str, ...] | None = (),
    level: int = 0,
) -> Facade:
    """What an import statement calls."""
    if level != 0 or name not in FACADES:
        raise ImportError(f"import of {name!r} is not allowed")
    return FACADES[name]

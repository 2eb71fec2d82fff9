"""The engines by name: the one place that knows which there are."""

from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from dsl.compiler.objects import Objects
from harness.engines import Engine, ForeignEngine
from harness.engines.compiled import CompiledEngine
from harness.engines.interpreter import InterpreterEngine
from harness.errors import SurroundingsError

NAMES = ("compiled", "interpreter")
"""The names that ``--engine`` takes, the default first."""

FOREIGN = "rheostat.engines"
"""The group of engines for other languages: ``name = "module:function"``, which makes one."""

THREADED = frozenset({"compiled"})
"""Those of which one uses several threads itself; of the others, one process plays one job."""


@lru_cache(maxsize=8)
def engine(name: str, threads: int = 1, objects: Path | None = None) -> Engine:
    """The engine of that name; the same one each time, since it keeps what it has made ready.

    Args:
        name: one of `NAMES`.
        threads: the most threads it may use, if it is among `THREADED`.
        objects: the directory in which it keeps what it compiles; without it, it keeps nothing.

    Raises:
        KeyError: there is none of that name.
    """
    if name == "compiled":
        return CompiledEngine(Objects(objects), threads)
    return {"interpreter": InterpreterEngine}[name]()


@lru_cache(maxsize=8)
def foreign_engine(name: str) -> ForeignEngine:
    """The registered engine of that name; the same one each time.

    Raises:
        SurroundingsError: none is registered, or it cannot be made ready.
    """
    return another_foreign_engine(name)


def another_foreign_engine(name: str) -> ForeignEngine:
    """A registered engine of one's own, for whoever plays several episodes side by side.

    Raises:
        SurroundingsError: as `foreign_engine`.
    """
    for each in entry_points(group=FOREIGN, name=name):
        return cast("Callable[[], ForeignEngine]", each.load())()
    raise SurroundingsError(f"the engine {name!r}, which plays this controller, is not installed")

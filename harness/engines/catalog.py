"""Engines by name."""

from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from dsl.compiler.objects import ObjectCache
from harness.engines import ForeignEngine, ReplayEngine
from harness.engines.compiled import CompiledEngine
from harness.engines.interpreter import InterpreterEngine
from harness.errors import ExternalError

ENGINE_NAMES = ("compiled", "interpreter")
"""The names that ``--engine`` takes, the default first."""

FOREIGN_ENGINE_GROUP = "rheostat.engines"
"""The entry-point group of engines for other languages: ``name = "module:function"``, where the
function returns an engine.
"""

THREADED_ENGINES = frozenset({"compiled"})
"""Engines that use several threads in one process; the others play one job in each process."""


@lru_cache(maxsize=8)
def get_engine(name: str, threads: int = 1, objects: Path | None = None) -> ReplayEngine:
    """Return the engine of a name; the same object each time, because it caches prepared inputs.

    Args:
        name: One of `ENGINE_NAMES`.
        threads: The most threads it may use, if it is among `THREADED_ENGINES`.
        objects: The directory for compiled programs; ``None`` to keep none.

    Raises:
        KeyError: There is no engine of that name.
    """
    if name == "compiled":
        return CompiledEngine(ObjectCache(objects), threads)
    return {"interpreter": InterpreterEngine}[name]()


@lru_cache(maxsize=8)
def get_foreign_engine(name: str) -> ForeignEngine:
    """Return the registered engine of a name; the same object each time.

    Raises:
        ExternalError: No engine is registered, or it cannot be loaded.
    """
    return create_foreign_engine(name)


def create_foreign_engine(name: str) -> ForeignEngine:
    """Create a new registered engine, for callers that play episodes in parallel.

    Raises:
        ExternalError: From `get_foreign_engine`.
    """
    for entry_point in entry_points(group=FOREIGN_ENGINE_GROUP, name=name):
        return cast("Callable[[], ForeignEngine]", entry_point.load())()
    raise ExternalError(f"the engine {name!r}, which plays this controller, is not installed")

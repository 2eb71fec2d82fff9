"""The engines by name: the one place that knows which there are."""

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
"""The group of engines for other languages: ``name = "module:function"``, which makes one."""

THREADED_ENGINES = frozenset({"compiled"})
"""Those of which one uses several threads itself; of the others, one process plays one job."""


@lru_cache(maxsize=8)
def get_engine(name: str, threads: int = 1, objects: Path | None = None) -> ReplayEngine:
    """The engine of that name; the same one each time, since it keeps what it has made ready.

    Args:
        name: one of `ENGINE_NAMES`.
        threads: the most threads it may use, if it is among `THREADED_ENGINES`.
        objects: the directory in which it keeps what it compiles; without it, it keeps nothing.

    Raises:
        KeyError: there is none of that name.
    """
    if name == "compiled":
        return CompiledEngine(ObjectCache(objects), threads)
    return {"interpreter": InterpreterEngine}[name]()


@lru_cache(maxsize=8)
def get_foreign_engine(name: str) -> ForeignEngine:
    """The registered engine of that name; the same one each time.

    Raises:
        ExternalError: none is registered, or it cannot be made ready.
    """
    return create_foreign_engine(name)


def create_foreign_engine(name: str) -> ForeignEngine:
    """A registered engine of one's own, for whoever plays several episodes side by side.

    Raises:
        ExternalError: as `get_foreign_engine`.
    """
    for each in entry_points(group=FOREIGN_ENGINE_GROUP, name=name):
        return cast("Callable[[], ForeignEngine]", each.load())()
    raise ExternalError(f"the engine {name!r}, which plays this controller, is not installed")

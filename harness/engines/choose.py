"""The engines by name: the one place that knows which there are."""

from functools import lru_cache
from pathlib import Path

from dsl.compiler.objects import Objects
from harness.engines import Engine
from harness.engines.compiled import CompiledEngine
from harness.engines.interpreter import InterpreterEngine

NAMES = ("compiled", "interpreter")
"""The names that ``--engine`` takes, the default first."""

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

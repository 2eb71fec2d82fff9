"""The engines by name: the one place that knows which there are."""

from harness.engines import Engine
from harness.engines.interpreter import InterpreterEngine

NAMES = ("interpreter",)
"""The names that ``--engine`` takes, the default first."""


def engine(name: str) -> Engine:
    """The engine of that name.

    Raises:
        KeyError: there is none.
    """
    return {"interpreter": InterpreterEngine}[name]()

"""Windows: the last values that a controller has pushed."""

from collections import deque
from collections.abc import Iterator
from typing import final

from dsl import numeric
from sandbox.python.arguments import check_integer, check_real


@final
class Window:
    """The last values pushed onto it, at most ``size`` of them."""

    __slots__ = ("_values",)

    def __init__(self, size: int):
        self._values: deque[float] = deque(
            maxlen=min(max(1, check_integer(size, "window")), MOST_WINDOW)
        )

    def __repr__(self) -> str:
        return f"<window {list(self._values)}>"

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[float]:
        return iter(tuple(self._values))

    def push(self, value: int | float) -> None:
        """Add a value; drop the oldest one if the window is full."""
        self._values.append(check_real(value, "push"))

    def oldest(self) -> float:
        """Return the oldest value, or 0 if empty."""
        return self._values[0] if self._values else 0.0

    def newest(self) -> float:
        """Return the newest value, or 0 if empty."""
        return self._values[-1] if self._values else 0.0

    def rise(self) -> float:
        """Newest minus oldest; 0 with fewer than two values."""
        return numeric.sub_real(self._values[-1], self._values[0]) if self._values else 0.0

    def full(self) -> bool:
        """Whether it is full."""
        return len(self._values) == self._values.maxlen


MOST_WINDOW = 65_536
"""Maximum size of a window, as in Rheo."""

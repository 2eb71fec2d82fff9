"""Where the names of a program are kept: slots, arrays, tables, values."""

from typing import NamedTuple


class RingBuffer(NamedTuple):
    """A window: a ring of doubles."""

    values: str
    capacity: str
    """A slot, as the next two."""
    length: str
    start: str


class BranchWindowValues(NamedTuple):
    """A window of each branch: all that was pushed, of which the last values count."""

    values: str
    """(N, W) doubles, by row and interval."""
    capacity: str
    """A slot."""
    limits: tuple[str, ...]
    """(N,) how many intervals of each chain have a value, of each signal that is pushed."""


class ChainRow(NamedTuple):
    """A chain, and where its row begins in the tables of running values."""

    chain: str
    last: str
    """How many intervals it has before its last stretch."""
    start: str


class PassedInterval(NamedTuple):
    """An interval that is passed, as running values see it."""

    row: ChainRow
    depth: str
    tokens: str
    """What the chain has after it."""
    is_last: bool
    signals: dict[str, str]
    pushed: set[str]
    """The branch windows that hold this interval already."""


class Variables:
    """Where the names of a program are kept: slots, arrays, values."""

    def __init__(self) -> None:
        self.knobs: dict[str, str] = {}
        self.cells: dict[str, str] = {}
        self.windows: dict[str, RingBuffer] = {}
        self.fields: dict[str, str] = {}
        self.first_fields: dict[str, str] = {}
        """Slots with the first value of each field."""
        self.signals: dict[str, tuple[str, str]] = {}
        """Where the signals of intervals are: (N, W) doubles, and how many each chain has."""
        self.running: dict[str, str] = {}
        """(N, W) tables of 64-bit words, by row and interval."""
        self.branch_windows: dict[str, BranchWindowValues] = {}
        self.row_by_branch = False
        """Whether each branch has a row of these tables, instead of each chain."""
        self.lets: dict[str, str | tuple[str, str]] = {}
        self.literals: dict[str, str] = {}
        self.beta = ""

"""What a command line said, for the tests that run one."""

from pathlib import Path
from typing import NamedTuple, Protocol


class Said(NamedTuple):
    """How a command line ended."""

    status: int
    out: str
    err: str


class CommandLine(Protocol):
    """Runs ``rheostat`` with arguments."""

    def __call__(self, *arguments: str) -> Said: ...


class FreshCommandLine(Protocol):
    """The same in a process of its own, with ``path`` in front of the import path."""

    def __call__(self, *arguments: str, path: Path | None = None) -> Said: ...

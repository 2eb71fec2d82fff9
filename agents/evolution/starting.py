"""The programs that evolution starts from: hand-made controllers that follow β, and simple ones.

They lie beside this module, one file each. The published discovered controller is not among them.
"""

import itertools
from importlib.resources import files
from typing import NamedTuple


class Seed(NamedTuple):
    """A program to start from."""

    name: str
    source: str

    @property
    def about(self) -> str:
        """The comment at its head: what it is, and where it was published."""
        lines = itertools.takewhile(lambda line: line.startswith("#"), self.source.splitlines())
        return " ".join(line.removeprefix("#").strip() for line in lines)


def seeds() -> list[Seed]:
    """All of them, by name."""
    folder = files(__package__) / "seeds"
    found = [each for each in folder.iterdir() if each.name.endswith(".rheo")]
    return [
        Seed(each.name.removesuffix(".rheo"), each.read_text(encoding="utf-8"))
        for each in sorted(found, key=lambda each: each.name)
    ]

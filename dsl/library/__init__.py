"""The library: controllers of the literature and of our own, as Rheo programs."""

from importlib.resources import files
from typing import NamedTuple

from dsl.source import Source

NAMES = (
    "sc", "asc", "esc", "asc_dirichlet", "certaindex", "short_mk", "parallel_probe", "slim_sc",
    "answer_convergence", "dynasor", "cmc", "early_votes", "prune_to_one", "entropy_gate",
    "self_certainty", "cisc_response", "deepconf", "deepconf_high", "deepconf_low", "reasc",
    "cisc", "best_of_n", "weighted_best_of_n",
)  # fmt: skip
"""The controllers of the library, the plainest first."""


class LibraryEntry(NamedTuple):
    """A controller of the library."""

    name: str
    title: str
    about: str
    """The opening comment: what it does, and its source."""
    needs: tuple[str, ...]
    """The optional signals that a recording must hold for it."""


def load_source(name: str) -> Source:
    """Return the program of a library controller.

    Raises:
        KeyError: there is none of that name.
    """
    if name not in NAMES:
        raise KeyError(name)
    text = files("dsl.library").joinpath(f"{name}.rheo").read_text(encoding="utf-8")
    return Source(text, f"{name}.rheo")


def load_entry(name: str) -> LibraryEntry:
    """Return what a library controller is, read off its program."""
    lines = load_source(name).text.splitlines()
    about = [line.removeprefix("#").strip() for line in lines if line.startswith("#")]
    head = next(line for line in lines if line.startswith("controller "))
    # Not parsed: loading the grammar would take more time than all else that a list needs.
    needs = [line.removeprefix("needs ") for line in lines if line.startswith("needs ")]
    names = (word.strip() for line in needs for word in line.partition("#")[0].split(","))
    return LibraryEntry(name, head.split('"')[1], "\n".join(about), tuple(names))

"""The proposers by name: the one place that knows which there are."""

from collections.abc import Callable, Sequence

from agents.proposers import Proposer
from dsl.spelling import nearest
from harness.errors import InputError

NAMES = ("evolve", "random")
"""The names that ``--proposer`` takes, the default first; ``hand`` is always there."""


def proposers(names: Sequence[str]) -> dict[str, Proposer]:
    """The proposers of a request, by the names that it uses.

    Raises:
        InputError: there is none of that name.
    """
    return {name: _maker(name)() for name in names}


def _maker(name: str) -> Callable[[], Proposer]:
    match name:
        case "evolve":
            from agents.proposers.evolve import Evolve

            return Evolve
        case "random":
            from agents.proposers.random import RandomSearch

            return RandomSearch
        case "hand":
            raise InputError(
                "--proposer hand: people can always propose; leave it out",
                hint="rheostat propose RUN FILE",
            )
        case _:
            near = nearest(name, NAMES)
            meant = f"did you mean {near}?" if near else f"there are {', '.join(NAMES)}"
            raise InputError(f"--proposer {name}: there is no such proposer; {meant}")

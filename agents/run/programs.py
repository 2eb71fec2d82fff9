"""The programs of a run, checked and ready to be played."""

from agents.run.directory import RunDirectory
from harness.request.controllers import Playable, playable_of


def program_of(run: RunDirectory, candidate: str) -> Playable:
    """A candidate's program, labelled by the candidate.

    Raises:
        InputError: there is no such candidate, or it cannot be used.
        DslError: it is a program of Rheo, and does not check.
    """
    name = f"{candidate}{run.language(candidate).suffix}"
    return playable_of(run.source(candidate), name)._replace(label=candidate, origin=candidate)

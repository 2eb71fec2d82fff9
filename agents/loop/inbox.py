"""What people put forward: files in the run's inbox, taken up by the next round."""

from agents.loop.filing import Filed, all_filed, mark
from agents.run.directory import RunDirectory
from agents.run.records import Language, Proposal, Usage

HAND = "hand"
"""The name of the proposer that a person is."""


def put(run: RunDirectory, source: str, words: str, language: Language = Language.RHEO) -> bool:
    """Puts a program into the inbox; ``False`` where it is there already, whatever was said of it.

    It may be called from any process.
    """
    place = f"inbox/{mark(source)}.json"
    if run.has(place):
        return False
    run.write(place, Proposal(source=source, language=language, words=words))
    return True


def take(run: RunDirectory, number: int) -> Filed:
    """What is in the inbox and was not taken in an earlier round."""
    before = {
        name for each in range(1, number) for one in all_filed(run, each) for name in one.taken
    }
    names = sorted(each.name for each in (run.path / "inbox").glob("*.json"))
    fresh = [name for name in names if name not in before]
    return Filed(
        proposer=HAND,
        proposals=[run.read(f"inbox/{name}", Proposal) for name in fresh],
        usage=Usage(),
        taken=fresh,
    )

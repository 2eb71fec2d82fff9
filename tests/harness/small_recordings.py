"""Recordings that fit on a page, for commands whose whole output is compared."""

from collections.abc import Sequence
from pathlib import Path

from store.records import Branch, Provenance, Question
from tests.store.recordings import Content, write

PROVENANCE = Provenance(model="tiny", benchmark="hand", interval=10, collector="test 1")


def branch(*answers: str, rest: int = 4) -> Branch:
    """A branch that ends with its last probe, ``rest`` tokens behind it; Δ is 10."""
    return Branch(answers=list(answers), tokens=10 * len(answers) + rest, final=answers[-1])


EASY = [branch("7", "7"), branch("7", "9"), branch("8", "7", "7"), branch("7", "7")]
HARD = [branch("1", "2", "2"), branch("3", "1"), branch("1", "1", "2"), branch("2", "2")]


def tiny(
    path: Path,
    *,
    ids: Sequence[str] = ("easy", "hard"),
    branches: Sequence[list[Branch]] = (EASY, HARD),
    golds: Sequence[str] = ("7", "2"),
) -> str:
    """Write a recording; give its digest."""
    questions = tuple(Question(id=i, gold=g) for i, g in zip(ids, golds, strict=True))
    return write(path, Content(PROVENANCE, questions, list(branches)))


MINE = """\
controller mine "A small one" {
  schedule { rising n = round(2 + 2 * beta) }

  memory {
    top   = none
    trend = window(3)
  }

  each branch { .off = 0 }

  start {
    open n because "width"
  }

  step at most 6 {
    let before = top
    top = winner(alive)
    push share(alive) onto trend
    update active where .answer == top { .off = 0 }
    update active where .answer != top { .off = .off + 1 }
    prune active where .off >= 2
    if before != none and rise(trend) > 0.2 {
      stop because "the leader gains"
    }
    advance active for 1 + .off
  }

  finally { answer winner(finished) else winner(alive) }
}
"""
"""A controller with every kind of memory and both ends, for the recordings above."""

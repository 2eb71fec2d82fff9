"""The proposer ``evolve``: genetic programming on typed Rheo trees, without a language model.

Each round it goes on with the populations that it left, on what the round shows of the search set,
and puts the best of them forward that it has not put forward before.
"""

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from agents.evolution.freeing import freed
from agents.evolution.members import Origin
from agents.evolution.search import Evolution, Play
from agents.evolution.starting import seeds
from agents.feedback.brief import Brief, Known
from agents.proposers import Bench, Proposed
from agents.run.records import Language, Proposal
from agents.search.measures import Worth

FROM_ARCHIVE = 3
"""The best candidates so far that are let in each round: what tuning or people made of them."""

REMEMBERED = 12
"""Programs of the archive that the next round knows of: each is played anew on what it shows."""


class _State(msgspec.Struct, frozen=True, array_like=True):
    """What it leaves for the next round."""

    islands: list[list[Origin]]
    archive: list[Origin]
    proposed: list[str]
    """Digests of the programs that were put forward."""


class Evolve:
    """See the module."""

    name = "evolve"

    def propose(self, brief: Brief, bench: Bench) -> Proposed:
        """See `agents.proposers.Proposer`."""
        left = bench.state
        state = _start() if left is None else msgspec.msgpack.decode(left, type=_State)
        evolution = Evolution(bench.random, _play(bench))
        # What has free knobs already has no schedule that could be varied.
        candidates = [] if bench.free_knobs else _candidates(brief)
        newcomers = [Origin(each.source, each.name, ()) for each in candidates]
        evolution.settle(state.islands, newcomers)
        evolution.remember(state.archive)
        bench.tell("settled", **evolution.diagnostics)
        while bench.allowance > 0 and not bench.out_of_time():
            if not evolution.brood(bench.allowance):
                break
            bench.tell("brood", **evolution.diagnostics)
        proposals = self._fresh(evolution, set(state.proposed), brief, bench)
        proposed = [*state.proposed, *(_digest(each.source) for each in proposals)]
        islands = [[each.origin for each in island.members] for island in evolution.islands]
        archive = [each.origin for each in evolution.archive.fittest(REMEMBERED)]
        return Proposed(
            proposals,
            search=evolution.diagnostics,
            state=msgspec.msgpack.encode(_State(islands, archive, proposed)),
        )

    def repair(self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench) -> Proposed:
        """Its programs check by construction, so there is nothing to mend."""
        return Proposed(())

    def _fresh(
        self, evolution: Evolution, proposed: set[str], brief: Brief, bench: Bench
    ) -> list[Proposal]:
        known = proposed | {_digest(each.source) for each in brief.known}
        found: list[Proposal] = []
        for each in evolution.ranked:
            origin = each.origin
            source = freed(origin.source) if bench.free_knobs else origin.source
            if len(found) < bench.most and _digest(source) not in known:
                words = "; then ".join(origin.steps) or "as it was"
                text = f"from {origin.root}: {words}"
                found.append(Proposal(source=source, words=text, parents=[origin.root]))
        return found


def _play(bench: Bench) -> Play:
    if not bench.free_knobs:
        return bench.play

    def play(sources: Sequence[str], *, closely: bool = False) -> list[Worth | None]:
        return bench.play([freed(each) for each in sources], closely=closely)

    return play


def _start() -> _State:
    origins = [Origin(each.source, each.name, ()) for each in seeds()]
    return _State([origins, origins, origins, origins], [], [])


def _candidates(brief: Brief) -> Sequence[Known]:
    """The best candidates of the run: those that were reviewed, which no baseline is."""
    return [
        each
        for each in brief.known
        if each.objective is not None and each.language is Language.RHEO
    ][:FROM_ARCHIVE]


def _digest(source: str) -> str:
    return sha256(source.encode()).hexdigest()

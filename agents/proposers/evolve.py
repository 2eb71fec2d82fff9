"""The proposer ``evolve``: genetic programming on typed Rheo trees, without a language model.

Each round it goes on with the populations that it left, on what the round shows of the search set,
and puts the best of them forward that it has not put forward before.
"""

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from agents.evolution.evolution_round import BatchEvaluator, Evolution
from agents.evolution.members import ProgramOrigin
from agents.evolution.starting_programs import free_schedule_knobs
from agents.feedback.brief import Brief, KnownProgram
from agents.proposers import ProposalBatch
from agents.run.records import ControllerLanguage, Proposal
from agents.search.bench_protocol import Bench
from agents.search.measurements import ProgramScore

ARCHIVE_PROPOSALS = 3
"""The best candidates so far that are let in each round: what tuning or people made of them."""

MAX_REMEMBERED = 12
"""Programs of the archive that the next round knows of: each is played anew on what it shows."""


class _EvolveState(msgspec.Struct, frozen=True, array_like=True):
    """What it leaves for the next round."""

    islands: list[list[ProgramOrigin]]
    archive: list[ProgramOrigin]
    proposed: list[str]
    """Digests of the programs that were put forward."""


class EvolveProposer:
    """See the module."""

    name = "evolve"

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        """See `agents.proposers.Proposer`."""
        left = bench.state
        state = (
            _initial_state(bench)
            if left is None
            else msgspec.msgpack.decode(left, type=_EvolveState)
        )
        evolution = Evolution(bench.random, _make_player(bench))
        # What has free knobs already has no schedule that could be varied.
        candidates = [] if bench.free_knobs else _candidates(brief)
        newcomers = [ProgramOrigin(each.source, each.name, ()) for each in candidates]
        evolution.settle(state.islands, newcomers)
        evolution.remember(state.archive)
        bench.tell("settled", **evolution.diagnostics)
        while bench.allowance > 0 and not bench.is_out_of_time():
            if not evolution.brood(bench.allowance):
                break
            bench.tell("brood", **evolution.diagnostics)
        proposals = self._fresh(evolution, set(state.proposed), brief, bench)
        proposed = [*state.proposed, *(_digest(each.source) for each in proposals)]
        islands = [[each.origin for each in island.members] for island in evolution.islands]
        archive = [each.origin for each in evolution.archive.fittest(MAX_REMEMBERED)]
        return ProposalBatch(
            proposals,
            search=evolution.diagnostics,
            state=msgspec.msgpack.encode(_EvolveState(islands, archive, proposed)),
        )

    def repair(
        self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench
    ) -> ProposalBatch:
        """Its programs check by construction, so there is nothing to mend."""
        return ProposalBatch(())

    def _fresh(
        self, evolution: Evolution, proposed: set[str], brief: Brief, bench: Bench
    ) -> list[Proposal]:
        known = proposed | {_digest(each.source) for each in brief.known}
        found: list[Proposal] = []
        for each in evolution.ranked:
            origin = each.origin
            source = free_schedule_knobs(origin.source) if bench.free_knobs else origin.source
            if len(found) < bench.most and _digest(source) not in known:
                words = "; then ".join(origin.steps) or "as it was"
                text = f"from {origin.root}: {words}"
                found.append(Proposal(source=source, words=text, parents=[origin.root]))
        return found


def _make_player(bench: Bench) -> BatchEvaluator:
    if not bench.free_knobs:
        return bench.play

    def play(sources: Sequence[str], *, thorough: bool = False) -> list[ProgramScore | None]:
        return bench.play([free_schedule_knobs(each) for each in sources], thorough=thorough)

    return play


def _initial_state(bench: Bench) -> _EvolveState:
    origins = [ProgramOrigin(each.source, each.name, ()) for each in bench.starting_programs]
    return _EvolveState([origins, origins, origins, origins], [], [])


def _candidates(brief: Brief) -> Sequence[KnownProgram]:
    """Return the best candidates of the run: those that were reviewed, which no baseline is."""
    return [
        each
        for each in brief.known
        if each.objective is not None and each.language is ControllerLanguage.RHEO
    ][:ARCHIVE_PROPOSALS]


def _digest(source: str) -> str:
    return sha256(source.encode()).hexdigest()

"""The proposer ``evolve``: genetic programming on typed Rheo trees, without a language model.

Each round it continues with its populations, on the part of the search set that the round shows,
and proposes the best programs that it has not proposed before.
"""

from collections.abc import Sequence

import msgspec

from agents.evolution.evolution_round import BatchEvaluator, Evolution
from agents.evolution.population import ISLAND_KINDS, ProgramOrigin
from agents.evolution.starting_programs import follows_beta, free_schedule_knobs
from agents.feedback.brief import Brief, KnownProgram
from agents.proposers import ProposalBatch
from agents.run.records import ControllerLanguage, Proposal
from agents.search.bench_protocol import Bench
from agents.search.measurements import ProgramScore
from agents.search.programs import compute_source_digest

ARCHIVE_PROPOSALS = 3
"""The best candidates of the run that join the populations each round; a reviewer or the tuner may
have changed them."""

MAX_REMEMBERED = 12
"""Programs of the archive that the next round starts with; each is played again on its part."""


class _EvolveState(msgspec.Struct, frozen=True, array_like=True):
    """State that the proposer keeps from round to round."""

    islands: list[list[ProgramOrigin]]
    archive: list[ProgramOrigin]
    proposed: list[str]
    """Digests of the programs that were proposed."""


class EvolveProposer:
    """Propose programs varied by genetic programming; see the module."""

    name = "evolve"

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        """See `agents.proposers.Proposer`."""
        state = _load_state(bench)
        evolution = Evolution(bench.random, _make_player(bench), bench.signals)
        # A program with free knobs has no schedule that could be varied.
        candidates = [] if bench.free_knobs else _candidates(brief)
        newcomers = [
            ProgramOrigin(candidate.source, candidate.name, ()) for candidate in candidates
        ]
        evolution.settle(state.islands, newcomers)
        evolution.remember(state.archive)
        bench.report("settled", **evolution.diagnostics)
        while bench.allowance > 0 and not bench.is_out_of_time():
            if not evolution.brood(bench.allowance):
                break
            bench.report("brood", **evolution.diagnostics)
        proposals = self._fresh(evolution, set(state.proposed), brief, bench)
        proposed = [
            *state.proposed,
            *(compute_source_digest(proposal.source) for proposal in proposals),
        ]
        islands = [[member.origin for member in island.members] for island in evolution.islands]
        archive = [member.origin for member in evolution.archive.fittest(MAX_REMEMBERED)]
        return ProposalBatch(
            proposals,
            search=evolution.diagnostics,
            state=msgspec.msgpack.encode(_EvolveState(islands, archive, proposed)),
        )

    def repair(
        self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench
    ) -> ProposalBatch:
        """Return nothing, since the proposed programs have no errors; see `Proposer.repair`."""
        return ProposalBatch(())

    def _fresh(
        self, evolution: Evolution, proposed: set[str], brief: Brief, bench: Bench
    ) -> list[Proposal]:
        known = proposed | {compute_source_digest(program.source) for program in brief.known}
        proposals: list[Proposal] = []
        for member in evolution.ranked:
            origin = member.origin
            source = free_schedule_knobs(origin.source) if bench.free_knobs else origin.source
            if len(proposals) < bench.most and compute_source_digest(source) not in known:
                words = "; then ".join(origin.steps) or "as it was"
                text = f"from {origin.root}: {words}"
                proposals.append(Proposal(source=source, words=text, parents=[origin.root]))
        return proposals


def _make_player(bench: Bench) -> BatchEvaluator:
    if not bench.free_knobs:
        return bench.play

    def play(sources: Sequence[str], *, thorough: bool = False) -> list[ProgramScore | None]:
        return bench.play([free_schedule_knobs(source) for source in sources], thorough=thorough)

    return play


def _load_state(bench: Bench) -> _EvolveState:
    """Load the state of the round before; in the first, every island has the starting programs."""
    if bench.state is not None:
        return msgspec.msgpack.decode(bench.state, type=_EvolveState)
    origins = [
        ProgramOrigin(program.source, program.name, ())
        for program in bench.starting_programs
        if follows_beta(program)
    ]
    return _EvolveState([origins] * len(ISLAND_KINDS), [], [])


def _candidates(brief: Brief) -> Sequence[KnownProgram]:
    """Return the best candidates of the run: those that were reviewed, which no baseline is."""
    return [
        program
        for program in brief.known
        if program.objective is not None and program.language is ControllerLanguage.RHEO
    ][:ARCHIVE_PROPOSALS]

"""The task of discovery: controllers, played over a search set of recordings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from msgspec.structs import replace

from agents.feedback.brief import Brief
from agents.feedback.brief_builder import build_brief
from agents.loop.accounts import SpendLimit
from agents.loop.bench import RoundBench
from agents.loop.round_files import (
    TuningRecord,
    read_slots,
    read_state,
    read_tuning,
    sum_usage,
    tuning_path,
)
from agents.loop.task import LoopServices, SearchTask, Slot, SlotResult
from agents.proposers import ProposalBatch, Proposer
from agents.run.directory import CROSS_VALIDATION, RunDirectory
from agents.run.records import ControllerLanguage, Draft, Proposal, Review, ReviewVerdict
from agents.search.arena import Arena, open_arena
from agents.search.review import Incumbent, review_candidate
from agents.search.selection import SelectionCandidate, cross_validate_choice, rank_candidates
from agents.tuning.tuner import tune as tune_constants
from harness.request.controllers import diagnose_text


def discovery_task_factory(
    proposers: Mapping[str, Proposer], cluster: str | None = None
) -> Callable[[RunDirectory, int], AbstractContextManager[SearchTask]]:
    """Return a factory that opens the task of a run.

    Args:
        proposers: Proposers by their names in the request.
        cluster: Address of a Ray cluster that plays programs; ``None`` for local processes.
    """

    @contextmanager
    def open_task(run: RunDirectory, workers: int) -> Iterator[SearchTask]:
        with open_arena(run, workers=workers, cluster=cluster) as arena:
            yield DiscoveryTask(run, arena, proposers)

    return open_task


class DiscoveryTask:
    """Search for controllers; see `agents.loop.task.SearchTask`.

    Args:
        run: Run directory.
        arena: Search set, on which programs are played.
        proposers: Proposers by their names in the request.
    """

    def __init__(self, run: RunDirectory, arena: Arena, proposers: Mapping[str, Proposer]):
        self._run, self._request, self._arena = run, run.request, arena
        self._proposers = proposers

    @property
    def floor(self) -> float:
        """Objective of the best baseline."""
        baselines = self._arena.baselines
        return self._arena.scorer.score_program(baselines[self._arena.best_baseline]).score

    def brief(self, number: int) -> None:
        """See `agents.loop.task.SearchTask`."""
        content = build_brief(self._run, self._arena, number)
        self._run.write_text(f"rounds/{number:03d}/brief.md", content.text)
        self._run.write(f"rounds/{number:03d}/brief.json", content)

    def can_repair(self, proposer: str) -> bool:
        """See `agents.loop.task.SearchTask`."""
        return proposer in self._proposers

    def propose(self, slot: Slot, services: LoopServices) -> SlotResult:
        """See `agents.loop.task.SearchTask`."""
        brief = self._run.read(f"rounds/{slot['round']:03d}/brief.json", Brief)
        bench = self._bench(slot, services)
        return SlotResult(self._request_proposals(slot, brief, bench), bench.played, bench.withheld)

    def _request_proposals(self, slot: Slot, brief: Brief, bench: RoundBench) -> ProposalBatch:
        proposer = self._proposers[slot["proposer"]]
        if slot["mend"] is None:
            return proposer.propose(brief, bench)
        failed = self._run.draft(slot["mend"])
        return proposer.repair(brief, failed.proposal, failed.diagnostics, bench)

    def _bench(self, slot: Slot, services: LoopServices) -> RoundBench:
        request, number, name = self._request, slot["round"], slot["slot"]
        played_before: set[str] = set()
        for earlier in range(1, number):
            played_before.update(
                mark for slot in read_slots(self._run, earlier) for mark in slot.played
            )

        def report(message: str, **data: object) -> None:
            services.log.add(
                "searching", message, round=number, proposer=slot["proposer"], data=data
            )

        return RoundBench(
            self._arena,
            number,
            name,
            state=read_state(self._run, number, name),
            played_before=played_before,
            allowance=slot["allowance"],
            spend_limit=SpendLimit(slot["tokens"], slot["usd"]),
            tries=request.repairs + 2 - slot["tries"],
            is_out_of_time=lambda: services.accounts.is_out_of_time(request.caps),
            check_interrupt=services.interruption.check_interrupt,
            report=report,
            best=self._best_before(number),
        )

    def _best_before(self, number: int) -> Incumbent | None:
        """Return the best candidate of the rounds before one, if there is one."""
        names = [summary.best for summary in self._run.summaries() if summary.round < number]
        if not names or names[-1] is None:
            return None
        name = names[-1]
        return Incumbent(name, self._run.source(name), self._run.language(name))

    def check(self, draft: Draft, number: int) -> Draft:
        """Return the draft with the diagnostics of the checker.

        A Rheo program that checks cannot fail at run time. A Python program can, so it is also
        tried on the shown part of the round.
        """
        proposal = draft.proposal
        name = f"{draft.candidate}{proposal.language.suffix}"
        diagnostics = diagnose_text(proposal.source, name, warnings=False).text
        if not diagnostics and proposal.language is not ControllerLanguage.RHEO:
            diagnostics = self._arena.trial(proposal.source, proposal.language, number)
        return replace(draft, diagnostics=diagnostics)

    def play(self, draft: Draft) -> None:
        """Play a draft over the whole search set."""
        self._arena.play(draft.proposal.source, draft.proposal.language)

    def review(
        self, draft: Draft, number: int, best: Incumbent | None, earlier: Mapping[str, str]
    ) -> Review:
        """Review a candidate; see `agents.search.review.review_candidate`.

        Args:
            draft: Candidate that was played, or that does not check.
            number: Round number, from 1.
            best: Best candidate so far; ``None`` if there is none.
            earlier: Names of earlier candidates, by digest of their source.
        """
        return review_candidate(self._arena, draft, number, best, earlier)

    def select(self, best: str | None) -> str | None:
        """Select among candidates that are statistically equal; see `agents.search.selection`."""
        run = self._run
        rejected = {decision.candidate for decision in run.decisions() if not decision.approved}
        reviews = [
            review
            for review in run.reviews()
            if review.verdict in (ReviewVerdict.BEST, ReviewVerdict.KEPT)
            and review.candidate not in rejected
        ]
        gaining = [
            review
            for review in reviews
            if review.baseline_gain is not None and review.baseline_gain.counts
        ]
        candidates = [self._make_selection_candidate(review) for review in gaining]
        ranked = rank_candidates(self._arena, candidates, self._request.seed)
        run.write("selection.json", [row._asdict() for row in ranked])
        everyone = [self._make_selection_candidate(review) for review in reviews]
        validation = cross_validate_choice(self._arena, everyone)
        if validation is None:  # one of an earlier choice no longer holds
            (run.path / CROSS_VALIDATION).unlink(missing_ok=True)
        else:
            run.write(CROSS_VALIDATION, validation)
        return ranked[0].name if ranked else best

    def _make_selection_candidate(self, review: Review) -> SelectionCandidate:
        run, name = self._run, review.candidate
        return SelectionCandidate(name, run.source(name), run.language(name), review.size)

    def tune(self, number: int, candidates: Sequence[str], services: LoopServices) -> str | None:
        """Fit the constants of the round's best candidate in Rheo.

        Args:
            number: Round number, from 1.
            candidates: Names of the candidates of the round.
            services: Event log, accounts and interruption of the session.

        Returns:
            The name of the candidate with fitted constants; ``None`` if there is none.
        """
        if not self._request.tune:
            return None
        outcome = read_tuning(self._run, number)
        if outcome is None:
            candidate, allowance = self._most_promising(candidates), self._tuning(number, services)
            if candidate is None or not allowance:
                return None
            outcome = self._fit(number, candidate, allowance, services)
            self._run.write(tuning_path(number), outcome)
        message = f"{outcome.candidate}: {outcome.says}"
        services.log.add("tuned", message, round=number, candidate=outcome.candidate)
        if outcome.source is None:
            return None
        name = f"{outcome.candidate}t"
        before = self._run.draft(outcome.candidate)
        proposal = Proposal(
            source=outcome.source,
            words=f"{outcome.candidate} with fitted constants: {', '.join(outcome.knobs)}",
            parents=[outcome.candidate],
        )
        draft = Draft(
            candidate=name, proposer=before.proposer, proposal=proposal, tuned=outcome.knobs
        )
        self._run.store_draft(self.check(draft, number))
        return name

    def _tuning(self, number: int, services: LoopServices) -> int:
        """Return the number of programs that a fit of constants may play."""
        request = self._request
        remaining = services.accounts.count_evaluations_left(
            request.caps, sum_usage(self._run, number)
        )
        return (
            request.tune_evaluations
            if remaining is None
            else min(request.tune_evaluations, remaining)
        )

    def _fit(
        self, number: int, candidate: str, evaluations: int, services: LoopServices
    ) -> TuningRecord:
        source = self._run.draft(candidate).proposal.source
        caps = self._request.caps

        def is_out_of_time() -> bool:
            services.interruption.check_interrupt()
            return services.accounts.is_out_of_time(caps)

        fit = tune_constants(
            source,
            self._arena,
            number,
            seed=(self._request.seed * 100_003 + number) % (1 << 32),
            evaluations=evaluations,
            is_out_of_time=is_out_of_time,
        )
        tuned = fit.tuned
        return TuningRecord(
            candidate=candidate,
            source=None if tuned is None else tuned.source,
            knobs=[] if tuned is None else tuned.knobs,
            evaluations=fit.evaluations,
            says=fit.says,
        )

    def _most_promising(self, candidates: Sequence[str]) -> str | None:
        """Return the Rheo candidate with the highest objective; ties go to the first."""
        leader = None
        for candidate in candidates:
            draft = self._run.draft(candidate)
            rheo = draft.proposal.language is ControllerLanguage.RHEO
            if draft.diagnostics or draft.tuned or not rheo:
                continue
            measured = self._arena.play(draft.proposal.source)
            if isinstance(measured, str):
                continue
            score = self._arena.scorer.score_program(measured).score
            if leader is None or score > leader[0]:
                leader = (score, candidate)
        return None if leader is None else leader[1]

"""The task of discovery: programs of Rheo, played over a search set of recordings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from msgspec.structs import replace

from agents.feedback.brief import Brief
from agents.feedback.brief_builder import build_brief
from agents.loop.bench import RoundBench, SpendLimit
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
from agents.run.directory import RunDirectory
from agents.run.records import ControllerLanguage, Draft, Proposal, Review, ReviewVerdict
from agents.search.arena import Arena, open_arena
from agents.search.review import Incumbent, review_candidate
from agents.search.selection import SelectionCandidate, rank_candidates
from agents.tuning.tuner import tune as tune_constants
from harness.request.controllers import diagnose_text


def discovery_task_factory(
    proposers: Mapping[str, Proposer], cluster: str | None = None
) -> Callable[[RunDirectory, int], AbstractContextManager[SearchTask]]:
    """Yield what opens the task of a run.

    Args:
        proposers: those that its request names.
        cluster: the address of a Ray cluster that plays programs; ``None`` for processes here.
    """

    @contextmanager
    def opening(run: RunDirectory, workers: int) -> Iterator[SearchTask]:
        with open_arena(run, workers=workers, cluster=cluster) as here:
            yield DiscoveryTask(run, here, proposers)

    return opening


class DiscoveryTask:
    """See `agents.loop.task.SearchTask`.

    Args:
        run: whose task it is.
        at: where its programs are played.
        proposers: by the names of the request.
    """

    def __init__(self, run: RunDirectory, at: Arena, proposers: Mapping[str, Proposer]):
        self._run, self._request, self._arena = run, run.request, at
        self._proposers = proposers

    @property
    def floor(self) -> float:
        """The objective of the best baseline."""
        baselines = self._arena.baselines
        return self._arena.scorer.worth(baselines[self._arena.best_baseline]).score

    def brief(self, number: int) -> None:
        """See `agents.loop.task.SearchTask`."""
        made = build_brief(self._run, self._arena, number)
        self._run.write_text(f"rounds/{number:03d}/brief.md", made.text)
        self._run.write(f"rounds/{number:03d}/brief.json", made)

    def can_repair(self, proposer: str) -> bool:
        """See `agents.loop.task.SearchTask`."""
        return proposer in self._proposers

    def propose(self, slot: Slot, services: LoopServices) -> SlotResult:
        """See `agents.loop.task.SearchTask`."""
        told = self._run.read(f"rounds/{slot['round']:03d}/brief.json", Brief)
        bench = self._bench(slot, services)
        return SlotResult(self._asked(slot, told, bench), bench.played, bench.withheld)

    def _asked(self, slot: Slot, told: Brief, bench: RoundBench) -> ProposalBatch:
        proposer = self._proposers[slot["proposer"]]
        if slot["mend"] is None:
            return proposer.propose(told, bench)
        failed = self._run.draft(slot["mend"])
        return proposer.repair(told, failed.proposal, failed.diagnostics, bench)

    def _bench(self, slot: Slot, services: LoopServices) -> RoundBench:
        request, number, name = self._request, slot["round"], slot["slot"]
        known: set[str] = set()
        for before in range(1, number):
            known.update(mark for each in read_slots(self._run, before) for mark in each.played)

        def tell(says: str, **data: object) -> None:
            services.log.add("searching", says, round=number, proposer=slot["proposer"], data=data)

        return RoundBench(
            self._arena,
            number,
            name,
            state=read_state(self._run, number, name),
            known=known,
            allowance=slot["allowance"],
            spend_limit=SpendLimit(slot["tokens"], slot["usd"]),
            tries=request.repairs + 2 - slot["tries"],
            is_out_of_time=lambda: services.accounts.is_out_of_time(request.caps),
            check_interrupt=services.interruption.check_interrupt,
            tell=tell,
            best=self._best_before(number),
        )

    def _best_before(self, number: int) -> Incumbent | None:
        """Return the best candidate of the rounds before one, if there is one."""
        names = [each.best for each in self._run.summaries() if each.round < number]
        if not names or names[-1] is None:
            return None
        name = names[-1]
        return Incumbent(name, self._run.source(name), self._run.language(name))

    def checked(self, draft: Draft, number: int) -> Draft:
        """Return the draft with what the checker says of it.

        A sound program of Rheo cannot fail. One in Python can, so it is tried before it counts as
        sound, over what the round shows.
        """
        proposal = draft.proposal
        name = f"{draft.candidate}{proposal.language.suffix}"
        told = diagnose_text(proposal.source, name, warnings=False).told
        if not told and proposal.language is not ControllerLanguage.RHEO:
            told = self._arena.trial(proposal.source, proposal.language, number)
        return replace(draft, diagnostics=told)

    def play(self, draft: Draft) -> None:
        """Plays a draft over the whole search set."""
        self._arena.play(draft.proposal.source, draft.proposal.language)

    def review(
        self, draft: Draft, number: int, best: Incumbent | None, earlier: Mapping[str, str]
    ) -> Review:
        """See `agents.loop.task.SearchTask`."""
        return review_candidate(self._arena, draft, number, best, earlier)

    def select(self, best: str | None) -> str | None:
        """Select among the candidates that cannot be told apart; see `agents.search.selection`."""
        run = self._run
        rejected = {each.candidate for each in run.decisions() if not each.approved}
        candidates = [
            SelectionCandidate(
                each.candidate, run.source(each.candidate), run.language(each.candidate), each.size
            )
            for each in run.reviews()
            if each.verdict in (ReviewVerdict.BEST, ReviewVerdict.KEPT)
            and each.baseline_gain is not None
            and each.baseline_gain.counts
            and each.candidate not in rejected
        ]
        ranked = rank_candidates(self._arena, candidates, self._request.seed)
        run.write("selection.json", [each._asdict() for each in ranked])
        return ranked[0].name if ranked else best

    def tune(self, number: int, candidates: Sequence[str], services: LoopServices) -> str | None:
        """Fits the constants of the round's best candidate; what comes of it is one more."""
        if not self._request.tune:
            return None
        outcome = read_tuning(self._run, number)
        if outcome is None:
            candidate, most = self._most_promising(candidates), self._tuning(number, services)
            if candidate is None or not most:
                return None
            outcome = self._fit(number, candidate, most, services)
            self._run.write(tuning_path(number), outcome)
        says = f"{outcome.candidate}: {outcome.says}"
        services.log.add("tuned", says, round=number, candidate=outcome.candidate)
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
        self._run.keep_draft(self.checked(draft, number))
        return name

    def _tuning(self, number: int, services: LoopServices) -> int:
        """Programs that a fit of constants may play."""
        request = self._request
        left = services.accounts.evaluations_left(request.caps, sum_usage(self._run, number))
        return request.tune_evaluations if left is None else min(request.tune_evaluations, left)

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
        """Return the sound candidate in Rheo with the highest objective; the first of equals."""
        found = None
        for candidate in candidates:
            draft = self._run.draft(candidate)
            rheo = draft.proposal.language is ControllerLanguage.RHEO
            if draft.diagnostics or draft.tuned or not rheo:
                continue
            measured = self._arena.play(draft.proposal.source)
            if isinstance(measured, str):
                continue
            score = self._arena.scorer.worth(measured).score
            if found is None or score > found[0]:
                found = (score, candidate)
        return None if found is None else found[1]

"""Search task of an allocation run: trials of a pipeline, proposed and played in the loop.

A candidate is the text of an allocation, and playing it is a trial. A candidate that does not
check, exceeds the budget or was tried before is dropped, and costs no trial.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from random import Random

from msgspec.structs import replace

from agents.allocation.allocation_objective import AllocationObjective
from agents.allocation.briefing import format_brief
from agents.allocation.choices import format_allocation, parse_choices
from agents.allocation.proposers import ObservedTrial, TrialProposer
from agents.allocation.results import estimate_gain
from agents.allocation.run_trials import (
    SELECTION,
    list_observed_trials,
    read_guidelines,
    read_run_trial,
    read_run_trials,
    trial_path,
)
from agents.allocation.winner_choice import list_eligible
from agents.feedback.brief import Brief, count_tokens
from agents.loop.accounts import SpendLimit, SpendTracker
from agents.loop.round_files import read_state
from agents.loop.task import LoopServices, SearchTask, Slot, SlotResult
from agents.proposers import ProposalBatch
from agents.run.directory import RunDirectory
from agents.run.records import Draft, Gain, Proposal, Review, ReviewVerdict
from agents.search.review import Incumbent
from dsl.diagnostics import DslError
from harness.allocation.space import AllocationSpace
from harness.allocation.trial_environment import TrialEnvironment
from harness.errors import InputError
from store.pipelines.schema import StageChoices, Trial


class RoundTrialBench(SpendTracker):
    """Implementation of `agents.allocation.proposers.TrialBench` for a round.

    Args:
        space: Space of allocations.
        trials: Trials so far.
        seed: Random seed of the slot.
        state: State that the proposer left in the previous round.
        most: Maximum number of trials to suggest.
        planned: Trials of the whole run, if it is bounded.
        spend_limit: Limit on the cost of language models.
        is_out_of_time: Return whether a time limit was reached.
        check_interrupt: Raise if an interrupt was requested.
        report: Write progress to the event log.
        objective: Objective of the run; by default the score.
    """

    def __init__(
        self,
        space: AllocationSpace,
        trials: Sequence[ObservedTrial],
        *,
        seed: str,
        state: bytes | None = None,
        most: int = 1,
        planned: int | None = None,
        spend_limit: SpendLimit = SpendLimit(),  # noqa: B008 - it is immutable
        is_out_of_time: Callable[[], bool] = lambda: False,
        check_interrupt: Callable[[], None] = lambda: None,
        report: Callable[..., None] = lambda says, **data: None,
        objective: AllocationObjective | None = None,
    ):
        super().__init__(spend_limit)
        self.space, self.trials, self.state = space, trials, state
        self.objective = objective or AllocationObjective(space)
        self.random = Random(seed)
        self.most, self.planned = most, planned
        self._is_out_of_time, self._check_interrupt, self._report = (
            is_out_of_time,
            check_interrupt,
            report,
        )

    def check_interrupt(self) -> None:
        """See `agents.run.budget_guard.BudgetGuard.check_interrupt`."""
        self._check_interrupt()

    def is_out_of_time(self) -> bool:
        """See `agents.run.budget_guard.BudgetGuard.is_out_of_time`."""
        return self._is_out_of_time()

    def report(self, message: str, **data: object) -> None:
        """See `agents.run.budget_guard.BudgetGuard.report`."""
        self._report(message, **data)


def allocation_task_factory(
    environment: TrialEnvironment, proposers: Mapping[str, TrialProposer]
) -> Callable[[RunDirectory, int], AbstractContextManager[SearchTask]]:
    """Return a factory of the run's task, given its environment and proposers."""

    @contextmanager
    def open_task(run: RunDirectory, workers: int) -> Iterator[SearchTask]:
        yield AllocationTask(run, environment, proposers)

    return open_task


class AllocationTask:
    """Allocation search as an `agents.loop.task.SearchTask`.

    Args:
        run: Run directory.
        environment: Environment that plays its trials.
        proposers: Proposers by the names of the request.

    Raises:
        InputError: The budget affords no allocation.
    """

    floor = 0.0

    def __init__(
        self,
        run: RunDirectory,
        environment: TrialEnvironment,
        proposers: Mapping[str, TrialProposer],
    ):
        self._run, self._request = run, run.request
        assert self._request.allocation is not None
        self._allocation = self._request.allocation
        self._environment, self._proposers = environment, proposers
        self._space = AllocationSpace(
            environment.pipeline,
            self._allocation.budget,
            governed=environment.governed,
            recorded=environment.recorded,
        )
        self._objective = AllocationObjective(self._space, self._request.profiles)

    def brief(self, number: int) -> None:
        """Write the trials and guidelines so far."""
        text = format_brief(
            self._space,
            read_run_trials(self._run, number),
            read_guidelines(self._run, number),
            number,
            self._objective,
        )
        self._run.write_text(f"rounds/{number:03d}/brief.md", text)
        notes = [decision.note for decision in self._run.decisions() if decision.note]
        brief = Brief(round=number, text=text, tokens=count_tokens(text), notes=notes[::-1])
        self._run.write(f"rounds/{number:03d}/brief.json", brief)

    def can_repair(self, proposer: str) -> bool:
        """Return false: errors of an allocation are reported in the next brief."""
        return False

    def propose(self, slot: Slot, services: LoopServices) -> SlotResult:
        """See `agents.loop.task.SearchTask`."""
        bench = self._bench(slot, services)
        batch = self._proposers[slot["proposer"]].suggest(bench)
        search = dict(batch.search)
        if batch.guidelines:
            search["guidelines"] = list(batch.guidelines)
        proposals = [
            Proposal(
                source=self._text(suggestion.choices, slot["round"], position),
                words=suggestion.words,
            )
            for position, suggestion in enumerate(list(batch.trials)[: bench.most], start=1)
        ]
        withheld = bench.withheld
        if not proposals and not withheld and len(bench.trials) >= len(self._space):
            withheld = f"all {len(self._space)} allocations within the budget were tried"
        return SlotResult(ProposalBatch(proposals, batch.usage, search, batch.state), (), withheld)

    def _bench(self, slot: Slot, services: LoopServices) -> RoundTrialBench:
        request, number = self._request, slot["round"]

        def report(says: str, **data: object) -> None:
            services.log.add("searching", says, round=number, proposer=slot["proposer"], data=data)

        return RoundTrialBench(
            self._space,
            self._trials(number),
            seed=f"{request.seed}/{number}/{slot['slot']}",
            state=read_state(self._run, number, slot["slot"]),
            most=min(request.per_round, slot["allowance"]),
            planned=request.caps.evaluations,
            spend_limit=SpendLimit(slot["tokens"], slot["usd"]),
            is_out_of_time=lambda: services.accounts.is_out_of_time(request.caps),
            check_interrupt=services.interruption.check_interrupt,
            report=report,
            objective=self._objective,
        )

    def _trials(self, number: int) -> list[ObservedTrial]:
        return list_observed_trials(self._run, number, self._objective)

    def _text(self, choices: StageChoices, number: int, position: int) -> str:
        name = f"trial_{number}_{position}"
        return format_allocation(self._environment.pipeline, self._allocation.budget, choices, name)

    def check(self, draft: Draft, number: int) -> Draft:
        """Check a draft with the checker, the pipeline and the budget."""
        message = ""
        try:
            choices = self._choices(draft)
            self._space.require_feasible(choices, draft.candidate)
            number = int(draft.candidate[1:].partition("-")[0])
            twin = next(
                (name for name, trial in read_run_trials(self._run, number).items()
                 if trial.choices == choices), None,
            )  # fmt: skip
            message = f"{draft.candidate}: is the same allocation as {twin}" if twin else ""
        except (DslError, InputError) as problem:
            message = str(problem)
        return replace(draft, diagnostics=message)

    def _choices(self, draft: Draft) -> StageChoices:
        source, name = draft.proposal.source, f"{draft.candidate}.rheo"
        return parse_choices(self._environment.pipeline, source, name)

    def play(self, draft: Draft) -> None:
        """Play a trial and store it."""
        if not self._run.has(trial_path(draft.candidate)):
            trial = self._environment.play(self._choices(draft))
            self._run.write(trial_path(draft.candidate), trial)

    def select(self, best: str | None) -> str | None:
        """Select the cheapest trial that cannot be told apart from the best."""
        rejected = {
            decision.candidate for decision in self._run.decisions() if not decision.approved
        }
        trials = {
            name: trial
            for name, trial in read_run_trials(self._run).items()
            if name not in rejected
        }
        if not trials:
            return best
        eligible = list_eligible(trials, self._objective)
        self._run.write(SELECTION, eligible)
        return eligible[0].candidate

    def tune(self, number: int, candidates: Sequence[str], services: LoopServices) -> str | None:
        """Do nothing: allocations have no constants to fit.

        Args:
            number: Number of the round.
            candidates: Names of its candidates.
            services: Services of the loop.
        """
        return None

    def review(
        self, draft: Draft, number: int, best: Incumbent | None, earlier: Mapping[str, str]
    ) -> Review:
        """Review a trial: its score in percent, compared with the best so far.

        Args:
            draft: The candidate.
            number: Number of the round.
            best: The best candidate so far, if there is one.
            earlier: Not used: an allocation is compared by its choices, not by its text.
        """
        name = draft.candidate
        if draft.diagnostics:
            return Review(
                candidate=name, verdict=ReviewVerdict.UNSOUND, reasons=[draft.diagnostics]
            )
        trial = read_run_trial(self._run, name)
        assert trial is not None
        before = read_run_trial(self._run, best.name) if best is not None else None
        objective = self._evaluate(trial)
        costs = f"{100 * trial.score:.2f} % for {trial.cost:.4g}"
        if self._objective.profiles:
            costs += f", {self._objective.describe_met(trial)}"
        gain = None if before is None or best is None else _gain(trial, before, best.name)
        beats = before is None or (objective, -trial.cost) > (
            self._evaluate(before),
            -before.cost,
        )
        return Review(
            candidate=name,
            verdict=ReviewVerdict.BEST if beats else ReviewVerdict.KEPT,
            objective=round(100 * objective, 6),
            gain=gain,
            size=sum(choice.samples for choice in trial.choices),
            reasons=[costs if gain is None else f"{costs}, {gain.value:+.2f} over {gain.against}"],
        )

    def _evaluate(self, trial: Trial) -> float:
        return self._objective.evaluate_trial(trial)


def _gain(trial: Trial, before: Trial, name: str) -> Gain:
    """Return the gain of one trial over another in points, paired by question."""
    gain = estimate_gain(trial, before)
    points, low, high = (100 * score for score in (gain.value, gain.low, gain.high))
    return Gain(against=name, value=points, low=low, high=high)

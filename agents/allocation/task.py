"""The task of an allocation run: trials of a pipeline, in the loop that controllers are found by.

A candidate is the text of an allocation, and playing it is a trial. What does not check, is over
the budget or was tried before is dropped, and costs no trial.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from msgspec.structs import replace

from agents.allocation.bench import RoundTrialBench
from agents.allocation.briefing import brief_text
from agents.allocation.estimates import gain_of
from agents.allocation.proposers import Seen, TrialProposer
from agents.allocation.reading import choices_of, refuse_unaffordable, text_of
from agents.allocation.trials import guidelines, seen, trial, trial_place, tried
from agents.feedback.brief import Brief
from agents.feedback.length import count
from agents.loop.bench import Purse
from agents.loop.filing import state_left
from agents.loop.slots import Slot
from agents.loop.task import Given, Hands, Task
from agents.proposers import Proposed
from agents.run.directory import RunDirectory
from agents.run.records import Draft, Gain, Proposal, Review, Verdict
from agents.search.review import Rival
from dsl.diagnostics import DslError
from harness.allocation.environment import Environment
from harness.allocation.space import Space
from harness.errors import InputError
from store.pipelines.records import Choices, Trial


def allocation(
    environment: Environment, proposers: Mapping[str, TrialProposer]
) -> Callable[[RunDirectory, int], AbstractContextManager[Task]]:
    """What opens the task of a run, with what plays its trials and who proposes them."""

    @contextmanager
    def opening(run: RunDirectory, workers: int) -> Iterator[Task]:
        yield TrialSearch(run, environment, proposers)

    return opening


class TrialSearch:
    """See `agents.loop.task.Task`.

    Args:
        run: whose task it is.
        environment: plays its trials.
        proposers: by the names of the request.

    Raises:
        InputError: the budget affords no allocation.
    """

    floor = 0.0

    def __init__(
        self,
        run: RunDirectory,
        environment: Environment,
        proposers: Mapping[str, TrialProposer],
    ):
        self._run, self._request = run, run.request
        assert self._request.allocation is not None
        self._asked = self._request.allocation
        self._environment, self._proposers = environment, proposers
        self._space = Space(
            environment.pipeline,
            self._asked.budget,
            governed=environment.governed,
            recorded=environment.recorded,
        )

    def brief(self, number: int) -> None:
        """Writes down the trials so far, and what was made of them."""
        told = brief_text(
            self._space, tried(self._run, number), guidelines(self._run, number), number
        )
        self._run.write_text(f"rounds/{number:03d}/brief.md", told)
        notes = [each.note for each in self._run.decisions() if each.note]
        made = Brief(round=number, text=told, tokens=count(told), notes=notes[::-1])
        self._run.write(f"rounds/{number:03d}/brief.json", made)

    def mends(self, proposer: str) -> bool:
        """Nobody mends: what is wrong with an allocation is told in the next brief."""
        return False

    def propose(self, slot: Slot, hands: Hands) -> Given:
        """See `agents.loop.task.Task`."""
        bench = self._bench(slot, hands)
        made = self._proposers[slot["proposer"]].suggest(bench)
        search = dict(made.search)
        if made.guidelines:
            search["guidelines"] = list(made.guidelines)
        proposals = [
            Proposal(source=self._text(each.choices, slot["round"], at), words=each.words)
            for at, each in enumerate(list(made.trials)[: bench.most], start=1)
        ]
        withheld = bench.withheld
        if not proposals and not withheld and len(bench.seen) >= len(self._space):
            withheld = f"all {len(self._space)} allocations within the budget were tried"
        return Given(Proposed(proposals, made.usage, search, made.state), (), withheld)

    def _bench(self, slot: Slot, hands: Hands) -> RoundTrialBench:
        request, number = self._request, slot["round"]

        def tell(says: str, **data: object) -> None:
            hands.log.add("searching", says, round=number, proposer=slot["proposer"], data=data)

        return RoundTrialBench(
            self._space,
            self._seen(number),
            seed=f"{request.seed}/{number}/{slot['slot']}",
            state=state_left(self._run, number, slot["slot"]),
            most=min(request.per_round, slot["allowance"]),
            planned=request.caps.evaluations,
            purse=Purse(slot["tokens"], slot["usd"]),
            out_of_time=lambda: hands.accounts.out_of_time(request.caps),
            heed=hands.interruption.heed,
            tell=tell,
        )

    def _seen(self, number: int) -> list[Seen]:
        return seen(self._run, number)

    def _text(self, choices: Choices, number: int, at: int) -> str:
        name = f"trial_{number}_{at}"
        return text_of(self._environment.pipeline, self._asked.budget, choices, name)

    def checked(self, draft: Draft, number: int) -> Draft:
        """The draft with what the checker, the pipeline or the budget has against it."""
        told = ""
        try:
            choices = self._choices(draft)
            refuse_unaffordable(self._space, choices, draft.candidate)
            number = int(draft.candidate[1:].partition("-")[0])
            twin = next(
                (name for name, each in tried(self._run, number).items()
                 if each.choices == choices), None,
            )  # fmt: skip
            told = f"{draft.candidate}: is the allocation of {twin}" if twin else ""
        except (DslError, InputError) as problem:
            told = str(problem)
        return replace(draft, diagnostics=told)

    def _choices(self, draft: Draft) -> Choices:
        source, name = draft.proposal.source, f"{draft.candidate}.rheo"
        return choices_of(self._environment.pipeline, source, name)

    def play(self, draft: Draft) -> None:
        """Carries out a trial, and keeps it."""
        if not self._run.has(trial_place(draft.candidate)):
            found = self._environment.play(self._choices(draft))
            self._run.write(trial_place(draft.candidate), found)

    def tune(self, number: int, candidates: Sequence[str], hands: Hands) -> str | None:
        """There are no constants to fit."""
        return None

    def review(
        self, draft: Draft, number: int, best: Rival | None, earlier: Mapping[str, str]
    ) -> Review:
        """The score in percent, held to the best so far."""
        name = draft.candidate
        if draft.diagnostics:
            return Review(candidate=name, verdict=Verdict.UNSOUND, reasons=[draft.diagnostics])
        found = trial(self._run, name)
        assert found is not None
        before = trial(self._run, best.name) if best is not None else None
        costs = f"{100 * found.score:.2f} % for {found.cost:.4g}"
        gain = None if before is None or best is None else _gain(found, before, best.name)
        beats = before is None or (found.score, -found.cost) > (before.score, -before.cost)
        return Review(
            candidate=name,
            verdict=Verdict.BEST if beats else Verdict.KEPT,
            objective=round(100 * found.score, 6),
            gain=gain,
            size=sum(each.samples for each in found.choices),
            reasons=[costs if gain is None else f"{costs}, {gain.value:+.2f} over {gain.against}"],
        )


def _gain(found: Trial, before: Trial, name: str) -> Gain:
    """Points of one trial over another, paired by question."""
    gain = gain_of(found, before)
    value, low, high = (100 * each for each in (gain.value, gain.low, gain.high))
    return Gain(against=name, value=value, low=low, high=high)

"""The nodes of the second half of a round: replay, tuning, review, people, archive, the end."""

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from msgspec.structs import replace

from agents.loop.filing import Fitted, all_filed, fitted, fitted_place, usage
from agents.loop.proposing import checked
from agents.loop.state import Answered, Context, State
from agents.run.directory import RunDirectory
from agents.run.records import (
    Approve,
    Draft,
    Ending,
    Proposal,
    Review,
    RoundSummary,
    Verdict,
)
from agents.search.review import Rival, digest, review
from agents.tuning.tuner import tune as tune_constants


def replay(state: State, runtime: Runtime[Context]) -> State:
    """Plays the sound candidates over the whole search set."""
    context = runtime.context
    for candidate in state["candidates"]:
        draft = context.run.draft(candidate)
        if not draft.diagnostics:
            context.arena.play(draft.proposal.source)
            context.log.add("replayed", round=state["round"], candidate=candidate)
    return {}


def tune(state: State, runtime: Runtime[Context]) -> State:
    """Fits the constants of the round's best candidate; what comes of it is one more candidate."""
    context, number = runtime.context, state["round"]
    candidate = _most_promising(context, state) if context.request.tune else None
    if candidate is None:
        return {}
    outcome = fitted(context.run, number)
    if outcome is None:
        outcome = _fit(context, number, candidate)
        context.run.write(fitted_place(number), outcome)
    says = f"{outcome.candidate}: {outcome.says}"
    context.log.add("tuned", says, round=number, candidate=outcome.candidate)
    if outcome.source is None:
        return {}
    name = f"{outcome.candidate}t"
    before = context.run.draft(outcome.candidate)
    proposal = Proposal(
        source=outcome.source,
        words=f"{outcome.candidate} with fitted constants: {', '.join(outcome.knobs)}",
        parents=[outcome.candidate],
    )
    draft = Draft(candidate=name, proposer=before.proposer, proposal=proposal, tuned=outcome.knobs)
    context.run.keep_draft(checked(draft))
    own = [each for each in state["candidates"] if each != name]
    return {"candidates": [*own, name]}


def judge(state: State, runtime: Runtime[Context]) -> State:
    """Reviews every candidate of the round; the last that beats the best so far challenges it."""
    context, number = runtime.context, state["round"]
    run, best = context.run, state.get("best")
    earlier = _earlier(run, number)
    rival = None if best is None else Rival(best, run.source(best))
    challenger = None
    for candidate in state["candidates"]:
        draft = run.draft(candidate)
        found = review(context.arena, draft, number, rival, earlier)
        run.keep_review(found)
        if not draft.diagnostics:
            earlier.setdefault(digest(draft.proposal.source), candidate)
        if found.verdict is Verdict.BEST:
            challenger = candidate
            rival = Rival(candidate, draft.proposal.source)
        gain = found.baseline_gain
        context.log.add(
            "reviewed", "; ".join(found.reasons), round=number, candidate=candidate,
            data={
                "verdict": found.verdict.value,
                "objective": found.objective,
                "gain": None if gain is None else [gain.value, gain.low, gain.high],
            },
        )  # fmt: skip
    return {"challenger": challenger}


def after_judging(state: State, runtime: Runtime[Context]) -> str:
    """To a person, where each new best needs one; else on."""
    each = runtime.context.request.approve is Approve.EACH
    return "offer" if each and state.get("challenger") else "archive"


def offer(state: State) -> State:
    """Says which candidate waits for a person."""
    return {"offered": state["challenger"]}


def approve(state: State) -> State:
    """Waits for a person. Nothing else happens here: this node runs anew when the answer comes."""
    answer: Answered = interrupt({"candidate": state["offered"]})
    return {"answered": answer, "offered": None}


def heed(state: State, runtime: Runtime[Context]) -> State:
    """Takes up what a person decided."""
    context, answer = runtime.context, state["answered"]
    assert answer is not None
    candidate = answer["candidate"]
    decision = context.run.decision(candidate)
    note = decision.note if decision is not None else ""
    word = "approved" if answer["approved"] else "rejected"
    context.log.add("decided", f"{word} {candidate}" + (f": {note}" if note else ""),
                    candidate=candidate, data={"approved": answer["approved"]})  # fmt: skip
    if not answer["approved"]:
        found = context.run.review(candidate)
        said = f"a person said no{f': {note}' if note else ''}"
        context.run.keep_review(replace(found, verdict=Verdict.REJECTED, reasons=[said]))
    if state.get("reason"):  # the run ends with this one, or looks for the next
        return {"answered": answer}
    return {"challenger": candidate if answer["approved"] else None}


def after_heeding(state: State) -> str:
    """Within a round the archive is next; at the end, the end or another candidate."""
    if not state.get("reason"):
        return "archive"
    answer = state["answered"]
    return "finish" if answer is not None and answer["approved"] else "select"


def archive(state: State, runtime: Runtime[Context]) -> State:
    """Closes the round: the archive, the summary, the best so far."""
    context, number = runtime.context, state["round"]
    run = context.run
    best = state.get("challenger") or state.get("best")
    reviews = [run.review(each) for each in (*_candidates(run, number), *state["candidates"])]
    run.write("archive.json", reviews)
    played = [each.candidate for each in reviews[-len(state["candidates"]) :]
              if state["candidates"] and each.objective is not None]  # fmt: skip
    worth = context.arena.scorer.worth
    floor = worth(context.arena.baselines[context.arena.best_baseline]).score
    found = run.review(best).objective if best is not None else None
    summary = RoundSummary(
        round=number,
        candidates=state["candidates"],
        best=best,
        objective=round(floor if found is None else found, 4),
        usage=usage(run, number, played),
        search={each.proposer: each.search for each in all_filed(run, number) if each.search},
    )
    run.write(f"rounds/{number:03d}/summary.json", summary)
    context.log.add(
        "archived", f"round {number} is over", round=number, candidate=best,
        data={"objective": summary.objective, "evaluations": summary.usage.evaluations},
    )  # fmt: skip
    return {"best": best, "challenger": None}


def consider(state: State, runtime: Runtime[Context]) -> State:
    """Whether the run goes on: a cap that is reached ends it."""
    context = runtime.context
    reason = context.accounts.reached(context.request.caps, state.get("round", 0))
    if reason:
        context.log.add("capped", reason)
    return {"reason": reason}


def onward(state: State) -> str:
    """Another round, or the end."""
    return "select" if state["reason"] else "brief"


def select(state: State, runtime: Runtime[Context]) -> State:
    """Picks the candidate to end with: the best, or the next best that nobody rejected."""
    chosen = state.get("best")
    if runtime.context.request.approve is Approve.FINAL:
        chosen = _next_best(runtime.context.run)
    return {"offered": chosen, "answered": None}


def after_selecting(state: State, runtime: Runtime[Context]) -> str:
    """To a person where the last word is theirs, else to the end."""
    final = runtime.context.request.approve is Approve.FINAL
    return "approve" if final and state["offered"] is not None else "finish"


def finish(state: State, runtime: Runtime[Context]) -> State:
    """Writes the winner and how the run ended."""
    context = runtime.context
    run, answer = context.run, state.get("answered")
    by_person = context.request.approve is Approve.FINAL
    chosen = answer["candidate"] if by_person and answer else state.get("offered")
    if by_person and not (answer and answer["approved"]):
        chosen = None
    decision = run.decision(chosen) if chosen is not None else None
    ending = Ending(
        reason=state["reason"],
        selected=chosen,
        rounds=state.get("round", 0),
        usage=context.accounts.used,
    )
    context.finish(run, chosen, decision)
    run.write("ending.json", ending)
    if chosen is not None:
        context.log.add("selected", f"{chosen} is selected", candidate=chosen)
    context.log.add("ended", ending.reason, candidate=chosen)
    return {"offered": None, "answered": None}


def _fit(context: Context, number: int, candidate: str) -> Fitted:
    source = context.run.draft(candidate).proposal.source
    caps = context.request.caps
    fit = tune_constants(
        source,
        context.arena,
        number,
        seed=context.request.seed * 100_003 + number,
        evaluations=context.request.tune_evaluations,
        out_of_time=lambda: context.accounts.out_of_time(caps),
    )
    tuned = fit.tuned
    return Fitted(
        candidate=candidate,
        source=None if tuned is None else tuned.source,
        knobs=[] if tuned is None else tuned.knobs,
        evaluations=fit.evaluations,
        says=fit.says,
    )


def _most_promising(context: Context, state: State) -> str | None:
    """The sound candidate with the highest objective; the first of equals."""
    found = None
    for candidate in state["candidates"]:
        draft = context.run.draft(candidate)
        measured = "" if draft.diagnostics or draft.tuned else context.arena.play(
            draft.proposal.source
        )  # fmt: skip
        if isinstance(measured, str):
            continue
        score = context.arena.scorer.worth(measured).score
        if found is None or score > found[0]:
            found = (score, candidate)
    return None if found is None else found[1]


def _candidates(run: RunDirectory, number: int) -> list[str]:
    """The candidates of all rounds before this one, in order."""
    return [
        each for summary in run.summaries() if summary.round < number
        for each in summary.candidates
    ]  # fmt: skip


def _earlier(run: RunDirectory, number: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for candidate in _candidates(run, number):
        if not run.draft(candidate).diagnostics:
            found.setdefault(digest(run.source(candidate)), candidate)
    return found


def _next_best(run: RunDirectory) -> str | None:
    """Of those whose gain counts and that nobody rejected, the one of whose gain most counts."""
    rejected = {each.candidate for each in run.decisions() if not each.approved}

    def counted(each: Review) -> float:
        return each.baseline_gain.low if each.baseline_gain is not None else 0.0

    fit = [
        each for each in run.reviews()
        if each.verdict in (Verdict.BEST, Verdict.KEPT)
        and counted(each) > 0
        and each.candidate not in rejected
    ]  # fmt: skip
    return max(fit, key=counted).candidate if fit else None

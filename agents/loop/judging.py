"""The nodes of the second half of a round: replay, tuning, review, archive."""

from langgraph.runtime import Runtime

from agents.loop.filing import (
    Fitted,
    all_filed,
    candidates_before,
    fitted,
    fitted_place,
    usage,
)
from agents.loop.proposing import checked
from agents.loop.state import Context, State
from agents.run.directory import RunDirectory
from agents.run.records import Draft, Language, Proposal, RoundSummary, Verdict
from agents.search.review import Rival, digest, review
from agents.tuning.tuner import tune as tune_constants


def replay(state: State, runtime: Runtime[Context]) -> State:
    """Plays the sound candidates over the whole search set."""
    context = runtime.context
    for candidate in state["candidates"]:
        context.interruption.heed()
        draft = context.run.draft(candidate)
        if not draft.diagnostics:
            context.arena.play(draft.proposal.source, draft.proposal.language)
            context.log.add("replayed", round=state["round"], candidate=candidate)
    return {}


def tune(state: State, runtime: Runtime[Context]) -> State:
    """Fits the constants of the round's best candidate; what comes of it is one more candidate."""
    context, number = runtime.context, state["round"]
    if not context.request.tune:
        return {}
    outcome = fitted(context.run, number)
    if outcome is None:
        candidate, most = _most_promising(context, state), _tuning_allowance(context, number)
        if candidate is None or not most:
            return {}
        outcome = _fit(context, number, candidate, most)
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
    context.run.keep_draft(checked(draft, context.arena, number))
    own = [each for each in state["candidates"] if each != name]
    return {"candidates": [*own, name]}


def judge(state: State, runtime: Runtime[Context]) -> State:
    """Reviews every candidate of the round; the last that beats the best so far challenges it."""
    context, number = runtime.context, state["round"]
    run, best = context.run, state.get("best")
    earlier = _earlier(run, number)
    rival = None if best is None else Rival(best, run.source(best), run.language(best))
    challenger = None
    for candidate in state["candidates"]:
        draft = run.draft(candidate)
        found = review(context.arena, draft, number, rival, earlier)
        run.keep_review(found)
        if not draft.diagnostics:
            earlier.setdefault(digest(draft.proposal.source), candidate)
        if found.verdict is Verdict.BEST:
            challenger = candidate
            rival = Rival(candidate, draft.proposal.source, draft.proposal.language)
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


def archive(state: State, runtime: Runtime[Context]) -> State:
    """Closes the round: the archive, the summary, the best so far."""
    context, number = runtime.context, state["round"]
    run = context.run
    best = state.get("challenger") or state.get("best")
    reviews = [run.review(each) for each in (*candidates_before(run, number), *state["candidates"])]
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


def _tuning_allowance(context: Context, number: int) -> int:
    """Programs that a fit of constants may play."""
    request = context.request
    left = context.accounts.evaluations_left(request.caps, usage(context.run, number))
    return request.tune_evaluations if left is None else min(request.tune_evaluations, left)


def _fit(context: Context, number: int, candidate: str, evaluations: int) -> Fitted:
    source = context.run.draft(candidate).proposal.source
    caps = context.request.caps

    def out_of_time() -> bool:
        context.interruption.heed()
        return context.accounts.out_of_time(caps)

    fit = tune_constants(
        source,
        context.arena,
        number,
        seed=(context.request.seed * 100_003 + number) % (1 << 32),
        evaluations=evaluations,
        out_of_time=out_of_time,
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
    """The sound candidate in Rheo with the highest objective; the first of equals."""
    found = None
    for candidate in state["candidates"]:
        draft = context.run.draft(candidate)
        rheo = draft.proposal.language is Language.RHEO
        if draft.diagnostics or draft.tuned or not rheo:
            continue
        measured = context.arena.play(draft.proposal.source)
        if isinstance(measured, str):
            continue
        score = context.arena.scorer.worth(measured).score
        if found is None or score > found[0]:
            found = (score, candidate)
    return None if found is None else found[1]


def _earlier(run: RunDirectory, number: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for candidate in candidates_before(run, number):
        if not run.draft(candidate).diagnostics:
            found.setdefault(digest(run.source(candidate)), candidate)
    return found

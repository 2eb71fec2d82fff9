"""The nodes of the second half of a round: replay, tuning, review, archive."""

from langgraph.runtime import Runtime

from agents.loop.filing import (
    all_filed,
    candidates_before,
    usage,
)
from agents.loop.state import Context, State
from agents.run.directory import RunDirectory
from agents.run.records import RoundSummary, Verdict
from agents.search.review import Rival, digest


def replay(state: State, runtime: Runtime[Context]) -> State:
    """Plays the sound candidates over the whole search set."""
    context = runtime.context
    for candidate in state["candidates"]:
        context.interruption.heed()
        draft = context.run.draft(candidate)
        if not draft.diagnostics:
            context.task.play(draft)
            context.log.add("replayed", round=state["round"], candidate=candidate)
    return {}


def tune(state: State, runtime: Runtime[Context]) -> State:
    """Makes one more candidate of the round's best, where the task has a way to."""
    context = runtime.context
    name = context.task.tune(state["round"], state["candidates"], context.hands)
    if name is None:
        return {}
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
        found = context.task.review(draft, number, rival, earlier)
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
    found = run.review(best).objective if best is not None else None
    summary = RoundSummary(
        round=number,
        candidates=state["candidates"],
        best=best,
        objective=round(context.task.floor if found is None else found, 4),
        usage=usage(run, number, played),
        search={each.proposer: each.search for each in all_filed(run, number) if each.search},
    )
    run.write(f"rounds/{number:03d}/summary.json", summary)
    context.log.add(
        "archived", f"round {number} is over", round=number, candidate=best,
        data={"objective": summary.objective, "evaluations": summary.usage.evaluations},
    )  # fmt: skip
    return {"best": best, "challenger": None}


def _earlier(run: RunDirectory, number: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for candidate in candidates_before(run, number):
        if not run.draft(candidate).diagnostics:
            found.setdefault(digest(run.source(candidate)), candidate)
    return found

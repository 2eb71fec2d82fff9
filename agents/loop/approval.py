"""Graph nodes for approval and for the end of a run.

A candidate waits for a person's decision, the decision is applied, and the run either continues
or ends with the selected candidate.
"""

from collections.abc import Sequence

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from msgspec.structs import replace

from agents.loop.round_files import list_candidates_before
from agents.loop.state import ApprovalAnswer, LoopContext, LoopState
from agents.run.directory import ENDING, RunDirectory
from agents.run.records import ApprovalMode, Ending, Review, ReviewVerdict


def route_after_review(state: LoopState, runtime: Runtime[LoopContext]) -> str:
    """To a person, where each new best needs one; else on."""
    each = runtime.context.request.approve is ApprovalMode.EACH
    return "offer" if each and state.get("challenger") else "archive"


def offer_candidate(state: LoopState) -> LoopState:
    """Says which candidate waits for a person."""
    return {"offered": state["challenger"]}


def await_approval(state: LoopState) -> LoopState:
    """Wait for a person. Nothing else happens here: this node runs anew when the answer comes."""
    answer: ApprovalAnswer = interrupt({"candidate": state["offered"]})
    return {"answered": answer, "offered": None}


def apply_decision(state: LoopState, runtime: Runtime[LoopContext]) -> LoopState:
    """Handle what a person decided: who said no to one is offered the next."""
    context, answer = runtime.context, state["answered"]
    assert answer is not None
    run, candidate = context.run, answer["candidate"]
    decision = run.decision(candidate)
    note = decision.note if decision is not None else ""
    word = "approved" if answer["approved"] else "rejected"
    context.log.add("decided", f"{word} {candidate}" + (f": {note}" if note else ""),
                    candidate=candidate, data={"approved": answer["approved"]})  # fmt: skip
    if not answer["approved"]:
        said = f"rejected by a reviewer{f': {note}' if note else ''}"
        found = replace(run.review(candidate), verdict=ReviewVerdict.REJECTED, reasons=[said])
        run.keep_review(found)
    if not state.get("reason"):
        return {"challenger": _last_best(run, state["candidates"])}
    # The run ends with this one or looks for the next; a later session may build on the best.
    everyone = list_candidates_before(run, state["round"] + 1)
    run.write("archive.json", [run.review(each) for each in everyone])
    return {"best": _last_best(run, everyone)}


def route_after_decision(state: LoopState) -> str:
    """To the archive or, at the end, to the end; with another candidate after a no."""
    answer = state["answered"]
    approved = answer is not None and answer["approved"]
    if state.get("reason"):
        return "finish" if approved else "select"
    return "offer" if not approved and state.get("challenger") else "archive"


def _last_best(run: RunDirectory, candidates: Sequence[str]) -> str | None:
    """Return the last of some candidates that became the best and was not rejected."""
    found = [each for each in candidates if run.review(each).verdict is ReviewVerdict.BEST]
    return found[-1] if found else None


def check_caps(state: LoopState, runtime: Runtime[LoopContext]) -> LoopState:
    """Whether the run goes on: a cap that is reached ends it."""
    context = runtime.context
    reason = context.accounts.reached(context.request.caps, state.get("round", 0))
    if reason:
        context.log.add("capped", reason)
    else:
        (context.run.path / ENDING).unlink(missing_ok=True)  # it goes on after all
    return {"reason": reason}


def route_after_caps(state: LoopState) -> str:
    """Another round, or the end."""
    return "select" if state["reason"] else "brief"


def select_candidate(state: LoopState, runtime: Runtime[LoopContext]) -> LoopState:
    """Select the winner: the best, or the next best that was not rejected."""
    context, chosen = runtime.context, state.get("best")
    if context.request.approve is not ApprovalMode.EACH:
        chosen = context.task.select(chosen)
    if context.request.approve is ApprovalMode.FINAL:
        chosen = _next_best(context.run, chosen)
    return {"offered": chosen, "answered": None}


def route_after_selection(state: LoopState, runtime: Runtime[LoopContext]) -> str:
    """To a person where the last word is theirs, else to the end."""
    final = runtime.context.request.approve is ApprovalMode.FINAL
    return "approve" if final and state["offered"] is not None else "finish"


def finish_run(state: LoopState, runtime: Runtime[LoopContext]) -> LoopState:
    """Write the winner and how the run ended."""
    context = runtime.context
    run, answer = context.run, state.get("answered")
    by_person = context.request.approve is ApprovalMode.FINAL
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
    run.write(ENDING, ending)
    if chosen is not None:
        context.log.add("selected", f"{chosen} is selected", candidate=chosen)
    context.log.add("ended", ending.reason, candidate=chosen)
    return {"offered": None, "answered": None}


def _next_best(run: RunDirectory, best: str | None) -> str | None:
    """The best so far; where it was rejected, one that was the best, or else one that gains."""
    rejected = {each.candidate for each in run.decisions() if not each.approved}
    if best is not None and best not in rejected:
        return best

    def counted(each: Review) -> float:
        if each.baseline_gain is None:  # an allocation has no baseline to beat
            return each.objective or 0.0
        return each.baseline_gain.low

    fit = [
        each for each in run.reviews()
        if each.verdict in (ReviewVerdict.BEST, ReviewVerdict.KEPT)
        and counted(each) > 0
        and each.candidate not in rejected
    ]  # fmt: skip
    if not fit:
        return None
    return max(fit, key=lambda each: (each.verdict is ReviewVerdict.BEST, counted(each))).candidate

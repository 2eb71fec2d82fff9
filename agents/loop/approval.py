"""Graph nodes for approval and for the end of a run.

A candidate waits for the decision of a reviewer, the decision is applied, and the run either
continues or ends with the selected candidate.
"""

from collections.abc import Sequence

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from msgspec.structs import replace

from agents.loop.round_files import list_candidates_before
from agents.loop.state import ApprovalAnswer, LoopContext, LoopState
from agents.run.directory import CROSS_VALIDATION, ENDING, RunDirectory
from agents.run.records import ApprovalMode, Ending, Review, ReviewVerdict


def route_after_review(state: LoopState, runtime: Runtime[LoopContext]) -> str:
    """Route to approval if every new best needs one, else to the archive."""
    approve_each = runtime.context.request.approve is ApprovalMode.EACH
    return "offer" if approve_each and state.get("challenger") else "archive"


def offer_candidate(state: LoopState) -> LoopState:
    """Record which candidate waits for a reviewer."""
    return {"offered": state["challenger"]}


def await_approval(state: LoopState) -> LoopState:
    """Wait for a reviewer. The node has no other effect: it runs again when the answer comes."""
    answer: ApprovalAnswer = interrupt({"candidate": state["offered"]})
    return {"answered": answer, "offered": None}


def apply_decision(state: LoopState, runtime: Runtime[LoopContext]) -> LoopState:
    """Apply the decision of a reviewer; after a rejection, the next best candidate is offered."""
    context, answer = runtime.context, state["answered"]
    assert answer is not None
    run, candidate = context.run, answer["candidate"]
    decision = run.decision(candidate)
    note = decision.note if decision is not None else ""
    verb = "approved" if answer["approved"] else "rejected"
    context.log.add("decided", f"{verb} {candidate}" + (f": {note}" if note else ""),
                    candidate=candidate, data={"approved": answer["approved"]})  # fmt: skip
    if not answer["approved"]:
        reason = f"rejected by a reviewer{f': {note}' if note else ''}"
        rejected = replace(run.review(candidate), verdict=ReviewVerdict.REJECTED, reasons=[reason])
        run.store_review(rejected)
    if not state.get("reason"):
        return {"challenger": _last_best(run, state["candidates"])}
    # The run ends with this candidate or offers the next; a later session may build on the best.
    candidates = list_candidates_before(run, state["round"] + 1)
    run.write("archive.json", [run.review(candidate) for candidate in candidates])
    return {"best": _last_best(run, candidates)}


def route_after_decision(state: LoopState) -> str:
    """Route to the archive, to the end of the run, or to the next candidate after a rejection."""
    answer = state["answered"]
    approved = answer is not None and answer["approved"]
    if state.get("reason"):
        return "finish" if approved else "select"
    return "offer" if not approved and state.get("challenger") else "archive"


def _last_best(run: RunDirectory, candidates: Sequence[str]) -> str | None:
    """Return the last candidate that became the best and was not rejected."""
    leaders = [
        candidate for candidate in candidates if run.review(candidate).verdict is ReviewVerdict.BEST
    ]
    return leaders[-1] if leaders else None


def check_caps(state: LoopState, runtime: Runtime[LoopContext]) -> LoopState:
    """Check the limits of the run; one that is reached ends it."""
    context = runtime.context
    reason = context.accounts.find_reached_limit(context.request.caps, state.get("round", 0))
    if reason:
        context.log.add("capped", reason)
    else:
        for name in (ENDING, CROSS_VALIDATION):  # a raised limit continues the run
            (context.run.path / name).unlink(missing_ok=True)
    return {"reason": reason}


def route_after_caps(state: LoopState) -> str:
    """Route to another round, or to the end of the run."""
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
    """Route to approval if the winner needs one, else to the end of the run."""
    final = runtime.context.request.approve is ApprovalMode.FINAL
    return "approve" if final and state["offered"] is not None else "finish"


def finish_run(state: LoopState, runtime: Runtime[LoopContext]) -> LoopState:
    """Write the winner and how the run ended."""
    context = runtime.context
    run, answer = context.run, state.get("answered")
    by_reviewer = context.request.approve is ApprovalMode.FINAL
    chosen = answer["candidate"] if by_reviewer and answer else state.get("offered")
    if by_reviewer and not (answer and answer["approved"]):
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
    """Return the best candidate that was not rejected.

    If the best so far was rejected, an earlier best comes before any other candidate with a gain.
    """
    rejected = {decision.candidate for decision in run.decisions() if not decision.approved}
    if best is not None and best not in rejected:
        return best

    def certain_gain(review: Review) -> float:
        if review.baseline_gain is None:  # an allocation has no baseline to beat
            return review.objective or 0.0
        return review.baseline_gain.low

    eligible = [
        review for review in run.reviews()
        if review.verdict in (ReviewVerdict.BEST, ReviewVerdict.KEPT)
        and certain_gain(review) > 0
        and review.candidate not in rejected
    ]  # fmt: skip
    if not eligible:
        return None
    return max(
        eligible, key=lambda review: (review.verdict is ReviewVerdict.BEST, certain_gain(review))
    ).candidate

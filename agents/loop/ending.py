"""The nodes between rounds and at the end: whether it goes on, and what it ends with."""

from langgraph.runtime import Runtime

from agents.loop.state import Context, State
from agents.run.directory import ENDING, RunDirectory
from agents.run.records import Approve, Ending, Review, Verdict


def consider(state: State, runtime: Runtime[Context]) -> State:
    """Whether the run goes on: a cap that is reached ends it."""
    context = runtime.context
    reason = context.accounts.reached(context.request.caps, state.get("round", 0))
    if reason:
        context.log.add("capped", reason)
    else:
        (context.run.path / ENDING).unlink(missing_ok=True)  # it goes on after all
    return {"reason": reason}


def onward(state: State) -> str:
    """Another round, or the end."""
    return "select" if state["reason"] else "brief"


def select(state: State, runtime: Runtime[Context]) -> State:
    """Picks the candidate to end with: the best, or the next best that nobody rejected."""
    chosen = state.get("best")
    if runtime.context.request.approve is Approve.FINAL:
        chosen = _next_best(runtime.context.run, chosen)
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
        if each.verdict in (Verdict.BEST, Verdict.KEPT)
        and counted(each) > 0
        and each.candidate not in rejected
    ]  # fmt: skip
    if not fit:
        return None
    return max(fit, key=lambda each: (each.verdict is Verdict.BEST, counted(each))).candidate

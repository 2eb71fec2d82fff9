"""The nodes of people: a candidate waits for one, and what they say is taken up."""

from collections.abc import Sequence

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from msgspec.structs import replace

from agents.loop.filing import candidates_before
from agents.loop.state import Answered, Context, State
from agents.run.directory import RunDirectory
from agents.run.records import Approve, Verdict


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
    """Takes up what a person decided: who said no to one is offered the next."""
    context, answer = runtime.context, state["answered"]
    assert answer is not None
    run, candidate = context.run, answer["candidate"]
    decision = run.decision(candidate)
    note = decision.note if decision is not None else ""
    word = "approved" if answer["approved"] else "rejected"
    context.log.add("decided", f"{word} {candidate}" + (f": {note}" if note else ""),
                    candidate=candidate, data={"approved": answer["approved"]})  # fmt: skip
    if not answer["approved"]:
        said = f"a person said no{f': {note}' if note else ''}"
        found = replace(run.review(candidate), verdict=Verdict.REJECTED, reasons=[said])
        run.keep_review(found)
    if not state.get("reason"):
        return {"challenger": _last_best(run, state["candidates"])}
    # The run ends with this one or looks for the next; a later session may build on the best.
    everyone = candidates_before(run, state["round"] + 1)
    run.write("archive.json", [run.review(each) for each in everyone])
    return {"best": _last_best(run, everyone)}


def after_heeding(state: State) -> str:
    """To the archive or, at the end, to the end; with another candidate after a no."""
    answer = state["answered"]
    approved = answer is not None and answer["approved"]
    if state.get("reason"):
        return "finish" if approved else "select"
    return "offer" if not approved and state.get("challenger") else "archive"


def _last_best(run: RunDirectory, candidates: Sequence[str]) -> str | None:
    """The last of some candidates that was found the best and that nobody rejected."""
    found = [each for each in candidates if run.review(each).verdict is Verdict.BEST]
    return found[-1] if found else None

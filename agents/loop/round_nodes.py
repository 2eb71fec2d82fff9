"""Graph nodes of one round: brief, proposals, check, replay, tuning, review, archive.

Each node reads its input from the run's directory and writes its output there before it returns,
so a node that is run again after a crash repeats no paid work.
"""

from langgraph.runtime import Runtime
from langgraph.types import Send

from agents.evolution.starting_programs import list_reviewed_programs
from agents.loop.proposer_selection import choose_proposer
from agents.loop.round_files import (
    HUMAN_PROPOSER,
    SlotRecord,
    collect_inbox,
    collect_starting_programs,
    list_candidates_before,
    read_slot,
    read_slots,
    slot_path,
    state_path,
    sum_usage,
)
from agents.loop.state import LoopContext, LoopState
from agents.loop.task import Slot
from agents.run.directory import RunDirectory
from agents.run.records import (
    START_PROPOSER,
    Draft,
    ResourceUsage,
    ReviewVerdict,
    RoundSummary,
)
from agents.search.programs import compute_source_digest
from agents.search.review import Incumbent

START_SLOT = 99
"""Number of the slot of the starting programs, which come after all proposals."""


def write_brief(state: LoopState, runtime: Runtime[LoopContext]) -> LoopState:
    """Start a round and write its brief."""
    context, number = runtime.context, state.get("round", 0) + 1
    path = f"rounds/{number:03d}/brief.json"
    if not context.run.has(path):
        context.task.brief(number)
    context.log.add("round", f"round {number} begins", round=number)
    return {"round": number, "candidates": [], "unsound": {}, "challenger": None}


def route_to_proposers(state: LoopState, runtime: Runtime[LoopContext]) -> list[Send]:
    """Send a slot to the proposer of the round, and one to the inbox of users.

    The first round has one for the starting programs that are reviewed.
    """
    context, number = runtime.context, state["round"]
    named = list(dict.fromkeys(context.request.proposers))
    chosen = choose_proposer(context.run, named, number)
    if chosen.reason:
        context.log.add("chosen", chosen.reason, round=number, proposer=chosen.name)
    allowance = _allowance(context, ResourceUsage(), 1)
    spend_limit = context.accounts.compute_spend_limit(context.request.caps, ResourceUsage(), 1)
    numbered = list(enumerate([*named, HUMAN_PROPOSER], start=1))
    if number == 1 and list_reviewed_programs(context.request):
        numbered.append((START_SLOT, START_PROPOSER))
    return [
        Send("propose", Slot(round=number, slot=f"{position:02d}-{name.partition(':')[0]}",
                             proposer=name, mend=None, tries=1, allowance=allowance,
                             tokens=spend_limit.tokens, usd=spend_limit.usd))
        for position, name in numbered
        if name in (chosen.name, HUMAN_PROPOSER, START_PROPOSER)
    ]  # fmt: skip


def collect_proposals(slot: Slot, runtime: Runtime[LoopContext]) -> LoopState:
    """Collect the proposals or the repair of one slot, unless they are on disk already."""
    context, number, name = runtime.context, slot["round"], slot["slot"]
    context.interruption.check_interrupt()
    if read_slot(context.run, number, name) is not None:
        return {"slots": [f"{number}/{name}"]}
    if slot["proposer"] == START_PROPOSER:
        record = collect_starting_programs(list_reviewed_programs(context.request))
        context.run.write(slot_path(number, name), record)
        return {"slots": [f"{number}/{name}"]}
    if slot["proposer"] == HUMAN_PROPOSER and slot["mend"] is None:
        inbox = collect_inbox(context.run, number)
        context.run.write(slot_path(number, name), inbox)
        return {"slots": [f"{number}/{name}"]}
    context.log.add("proposing", round=number, proposer=slot["proposer"])
    batch, played, withheld = context.task.propose(slot, context.services)
    if batch.state is not None:
        context.run.write_bytes(state_path(number, name), batch.state)
    record = SlotRecord(
        proposer=slot["proposer"],
        proposals=list(batch.proposals)[: context.request.per_round],
        usage=batch.usage,
        search=dict(batch.search),
        played=list(played),
        # A repair shares its budget with others, and a call that was made could be afforded: then
        # the reason is not one to end the run.
        withheld="" if slot["mend"] or batch.usage.tokens_in else withheld,
        caps=(context.request.caps.tokens, context.request.caps.usd),
    )
    context.run.write(slot_path(number, name), record)
    count = len(record.proposals)
    context.log.add(
        "proposed", f"{slot['proposer']} proposes {count}", round=number,
        proposer=slot["proposer"],
        data={"programs": count, "played": len(played), "search": record.search},
    )  # fmt: skip
    return {"slots": [f"{number}/{name}"]}


def check_proposals(state: LoopState, runtime: Runtime[LoopContext]) -> LoopState:
    """Name the proposals and check them; those that fail may be repaired."""
    context, number = runtime.context, state["round"]
    run = context.run
    drafts = (
        _name_proposals(context, number)
        if not state["candidates"]
        else _collect_repairs(context, state)
    )
    unsound = {}
    for draft in drafts:
        if draft.diagnostics:
            unsound[draft.candidate] = draft.tries
            context.log.add(
                "unsound", _first_line(draft.diagnostics), round=number, candidate=draft.candidate
            )
        elif draft.tries > 1:
            context.log.add("repaired", round=number, candidate=draft.candidate)
        run.store_draft(draft)
    return {
        "candidates": state["candidates"] or [draft.candidate for draft in drafts],
        "unsound": unsound,
    }


def route_to_repairs(state: LoopState, runtime: Runtime[LoopContext]) -> list[Send] | str:
    """Route failed proposals to their proposers while tries and limits allow, else to replay."""
    context, number = runtime.context, state["round"]
    within = sum_usage(context.run, number)
    if context.accounts.find_spent_limit(context.request.caps, within):
        return "replay"
    slots = len(state["unsound"])
    allowance = _allowance(context, within, slots)
    spend_limit = context.accounts.compute_spend_limit(context.request.caps, within, slots)
    sends = []
    for candidate, tries in state["unsound"].items():
        proposer = context.run.draft(candidate).proposer
        if tries <= context.request.repairs and context.task.can_repair(proposer):
            slot = f"mend-{candidate}-{tries}"
            sends.append(
                Send(
                    "propose",
                    Slot(
                        round=number,
                        slot=slot,
                        proposer=proposer,
                        mend=candidate,
                        tries=tries + 1,
                        allowance=allowance,
                        tokens=spend_limit.tokens,
                        usd=spend_limit.usd,
                    ),
                )
            )
    return sends or "replay"


def _allowance(context: LoopContext, within: ResourceUsage, slots: int) -> int:
    """Return the programs that each slot may play: an equal share of what the limit leaves."""
    request = context.request
    remaining = context.accounts.count_evaluations_left(request.caps, within)
    most = request.round_evaluations
    return most if remaining is None or not slots else min(most, -(-remaining // slots))


def _name_proposals(context: LoopContext, number: int) -> list[Draft]:
    """Name and check the proposals of a round."""
    proposals = [(slot.proposer, proposal) for slot in read_slots(context.run, number)
             for proposal in slot.proposals]  # fmt: skip
    return [
        context.task.check(
            Draft(
                candidate=f"r{number:03d}-{position}",
                proposer=proposer,
                proposal=proposal,
                tries=proposal.tries,
            ),
            number,
        )
        for position, (proposer, proposal) in enumerate(proposals, start=1)
    ]


def _collect_repairs(context: LoopContext, state: LoopState) -> list[Draft]:
    """Check the repairs of the candidates that did not check."""
    run, drafts = context.run, []
    for candidate, tries in state["unsound"].items():
        before = run.draft(candidate)
        record = read_slot(run, state["round"], f"mend-{candidate}-{tries}")
        if record is None or not record.proposals:
            continue  # it was not repaired, so its draft is unchanged
        draft = Draft(
            candidate=candidate,
            proposer=before.proposer,
            proposal=record.proposals[0],
            tries=tries + record.proposals[0].tries,
        )
        drafts.append(context.task.check(draft, state["round"]))
    return drafts


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def replay_candidates(state: LoopState, runtime: Runtime[LoopContext]) -> LoopState:
    """Play the candidates that check over the whole search set."""
    context = runtime.context
    for candidate in state["candidates"]:
        context.interruption.check_interrupt()
        draft = context.run.draft(candidate)
        if not draft.diagnostics:
            context.task.play(draft)
            context.log.add("replayed", round=state["round"], candidate=candidate)
    return {}


def tune_best(state: LoopState, runtime: Runtime[LoopContext]) -> LoopState:
    """Derive one more candidate from the round's best, if the task tunes."""
    context = runtime.context
    name = context.task.tune(state["round"], state["candidates"], context.services)
    if name is None:
        return {}
    untuned = [candidate for candidate in state["candidates"] if candidate != name]
    return {"candidates": [*untuned, name]}


def review_candidates(state: LoopState, runtime: Runtime[LoopContext]) -> LoopState:
    """Review every candidate of the round; the last that beats the best so far replaces it."""
    context, number = runtime.context, state["round"]
    run, best = context.run, state.get("best")
    earlier = _earlier_sources(run, number)
    incumbent = None if best is None else Incumbent(best, run.source(best), run.language(best))
    challenger = None
    for candidate in state["candidates"]:
        draft = run.draft(candidate)
        review = context.task.review(draft, number, incumbent, earlier)
        run.store_review(review)
        if not draft.diagnostics:
            earlier.setdefault(compute_source_digest(draft.proposal.source), candidate)
        if review.verdict is ReviewVerdict.BEST:
            challenger = candidate
            incumbent = Incumbent(candidate, draft.proposal.source, draft.proposal.language)
        gain = review.baseline_gain
        context.log.add(
            "reviewed", "; ".join(review.reasons), round=number, candidate=candidate,
            data={
                "verdict": review.verdict.value,
                "objective": review.objective,
                "gain": None if gain is None else [gain.value, gain.low, gain.high],
            },
        )  # fmt: skip
    return {"challenger": challenger}


def archive_round(state: LoopState, runtime: Runtime[LoopContext]) -> LoopState:
    """Complete the round: write the archive and the summary, and update the best so far."""
    context, number = runtime.context, state["round"]
    run = context.run
    best = state.get("challenger") or state.get("best")
    reviews = [
        run.review(candidate)
        for candidate in (*list_candidates_before(run, number), *state["candidates"])
    ]
    run.write("archive.json", reviews)
    played = [review.candidate for review in reviews[-len(state["candidates"]) :]
              if state["candidates"] and review.objective is not None]  # fmt: skip
    objective = run.review(best).objective if best is not None else None
    summary = RoundSummary(
        round=number,
        candidates=state["candidates"],
        best=best,
        objective=round(context.task.floor if objective is None else objective, 4),
        usage=sum_usage(run, number, played),
        search={slot.proposer: slot.search for slot in read_slots(run, number) if slot.search},
    )
    run.write(f"rounds/{number:03d}/summary.json", summary)
    context.log.add(
        "archived", f"round {number} is over", round=number, candidate=best,
        data={"objective": summary.objective, "evaluations": summary.usage.evaluations},
    )  # fmt: skip
    return {"best": best, "challenger": None}


def _earlier_sources(run: RunDirectory, number: int) -> dict[str, str]:
    candidates: dict[str, str] = {}
    for candidate in list_candidates_before(run, number):
        if not run.draft(candidate).diagnostics:
            candidates.setdefault(compute_source_digest(run.source(candidate)), candidate)
    return candidates

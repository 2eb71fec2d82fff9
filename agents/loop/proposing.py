"""The nodes of the first half of a round: the brief, the proposals, the check."""

from langgraph.runtime import Runtime
from langgraph.types import Send

from agents.loop.filing import Filed, all_filed, file_place, filed, state_place, usage
from agents.loop.inbox import HAND, take
from agents.loop.mixing import choose
from agents.loop.slots import Slot
from agents.loop.state import Context, State
from agents.run.records import Draft, Usage


def brief(state: State, runtime: Runtime[Context]) -> State:
    """Begins a round and writes its brief."""
    context, number = runtime.context, state.get("round", 0) + 1
    place = f"rounds/{number:03d}/brief.json"
    if not context.run.has(place):
        context.task.brief(number)
    context.log.add("round", f"round {number} begins", round=number)
    return {"round": number, "candidates": [], "unsound": {}, "challenger": None}


def to_proposers(state: State, runtime: Runtime[Context]) -> list[Send]:
    """A slot for every proposer, and one for what people put forward."""
    context, number = runtime.context, state["round"]
    named = list(dict.fromkeys(context.request.proposers))
    chosen = choose(context.run, named, number)
    if chosen.says:
        context.log.add("chosen", chosen.says, round=number, proposer=chosen.name)
    allowance = _allowance(context, Usage(), 1)
    purse = context.accounts.purse(context.request.caps, Usage(), 1)
    return [
        Send("propose", Slot(round=number, slot=f"{at:02d}-{name.partition(':')[0]}", proposer=name,
                             mend=None, tries=1, allowance=allowance, tokens=purse.tokens,
                             usd=purse.usd))
        for at, name in enumerate([*named, HAND], start=1)
        if name in (chosen.name, HAND)
    ]  # fmt: skip


def propose(slot: Slot, runtime: Runtime[Context]) -> State:
    """Lets one proposer propose, or mend; what it gave before is not asked for again."""
    context, number, name = runtime.context, slot["round"], slot["slot"]
    context.interruption.heed()
    if filed(context.run, number, name) is not None:
        return {"slots": [f"{number}/{name}"]}
    if slot["proposer"] == HAND and slot["mend"] is None:
        found = take(context.run, number)
        context.run.write(file_place(number, name), found)
        return {"slots": [f"{number}/{name}"]}
    context.log.add("proposing", round=number, proposer=slot["proposer"])
    given, played, withheld = context.task.propose(slot, context.hands)
    if given.state is not None:
        context.run.write_bytes(state_place(number, name), given.state)
    record = Filed(
        proposer=slot["proposer"],
        proposals=list(given.proposals)[: context.request.per_round],
        usage=given.usage,
        search=dict(given.search),
        played=list(played),
        # A mending shares what is left with others, and a call that was made had its purse.
        withheld="" if slot["mend"] or given.usage.tokens_in else withheld,
        caps=(context.request.caps.tokens, context.request.caps.usd),
    )
    context.run.write(file_place(number, name), record)
    count = len(record.proposals)
    context.log.add(
        "proposed", f"{slot['proposer']} proposes {count}", round=number,
        proposer=slot["proposer"],
        data={"programs": count, "played": len(played), "search": record.search},
    )  # fmt: skip
    return {"slots": [f"{number}/{name}"]}


def check(state: State, runtime: Runtime[Context]) -> State:
    """Names the proposals and checks them; those that fail may be mended."""
    context, number = runtime.context, state["round"]
    run = context.run
    drafts = _named(context, number) if not state["candidates"] else _mended(context, state)
    unsound = {}
    for draft in drafts:
        if draft.diagnostics:
            unsound[draft.candidate] = draft.tries
            context.log.add(
                "unsound", _first_line(draft.diagnostics), round=number, candidate=draft.candidate
            )
        elif draft.tries > 1:
            context.log.add("repaired", round=number, candidate=draft.candidate)
        run.keep_draft(draft)
    return {
        "candidates": state["candidates"] or [each.candidate for each in drafts],
        "unsound": unsound,
    }


def to_repairs(state: State, runtime: Runtime[Context]) -> list[Send] | str:
    """Back to the proposers with what does not check, while there are tries and caps; else on."""
    context, number = runtime.context, state["round"]
    within = usage(context.run, number)
    if context.accounts.spent(context.request.caps, within):
        return "replay"
    slots = len(state["unsound"])
    allowance = _allowance(context, within, slots)
    purse = context.accounts.purse(context.request.caps, within, slots)
    sends = []
    for candidate, tries in state["unsound"].items():
        proposer = context.run.draft(candidate).proposer
        if tries <= context.request.repairs and context.task.mends(proposer):
            slot = f"mend-{candidate}-{tries}"
            sends.append(
                Send("propose", Slot(round=number, slot=slot, proposer=proposer, mend=candidate,
                                     tries=tries + 1, allowance=allowance, tokens=purse.tokens,
                                     usd=purse.usd))
            )  # fmt: skip
    return sends or "replay"


def _allowance(context: Context, within: Usage, slots: int) -> int:
    """Programs that each of some slots may play: they share what the cap leaves."""
    request = context.request
    left = context.accounts.evaluations_left(request.caps, within)
    most = request.round_evaluations
    return most if left is None or not slots else min(most, -(-left // slots))


def _named(context: Context, number: int) -> list[Draft]:
    """The proposals of a round, with the names that they will have."""
    given = [(each.proposer, proposal) for each in all_filed(context.run, number)
             for proposal in each.proposals]  # fmt: skip
    return [
        context.task.checked(
            Draft(
                candidate=f"r{number:03d}-{at}",
                proposer=proposer,
                proposal=proposal,
                tries=proposal.tries,
            ),
            number,
        )
        for at, (proposer, proposal) in enumerate(given, start=1)
    ]


def _mended(context: Context, state: State) -> list[Draft]:
    """What became of those that did not check."""
    run, found = context.run, []
    for candidate, tries in state["unsound"].items():
        before = run.draft(candidate)
        record = filed(run, state["round"], f"mend-{candidate}-{tries}")
        if record is None or not record.proposals:
            continue  # nobody mends it, or it was given up: its draft stands
        draft = Draft(
            candidate=candidate,
            proposer=before.proposer,
            proposal=record.proposals[0],
            tries=tries + record.proposals[0].tries,
        )
        found.append(context.task.checked(draft, state["round"]))
    return found


def _first_line(text: str) -> str:
    return text.partition("\n")[0]

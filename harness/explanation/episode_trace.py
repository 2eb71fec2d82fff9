"""One episode in full: every barrier, its source line, and the program's memory.

Barriers come from the trace; the interpreter reports memory before it sends each verb. The gold
answer is added for scoring after the episode has ended.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from dsl import tree
from dsl.checker import CheckedProgram
from dsl.episode import Answer, AnyVerb, BranchView, Episode, Origin, Status
from dsl.interpreter import Interpreter
from dsl.interpreter.snapshot import Snapshot
from dsl.source import Source
from dsl.traversal import walk
from harness.engines.catalog import get_foreign_engine
from harness.mdp.environment import ReplayEnvironment, refuse_unmet_needs
from harness.mdp.ledger import Action, BarrierRecord
from harness.mdp.playback import play_episode
from harness.mdp.replay import Replay
from harness.request.plan import Plan, RheoPlan

Value = int | float | bool | str | None


class MemoryState(msgspec.Struct, frozen=True, omit_defaults=True):
    """The program's memory as it sent a verb."""

    cells: dict[str, Value]
    windows: dict[str, tuple[float, ...]]
    """The values of each window, the oldest first."""
    lets: dict[str, Value | tuple[int, ...]]
    """Each ``let`` in scope at the verb; a set is a list of branches."""
    fields: dict[str, tuple[Value, ...]]
    """The values of each field that is no window, one for each opened branch."""
    branch_windows: dict[str, tuple[tuple[float, ...], ...]] = {}
    """The values of each branch window, for each opened branch the oldest first."""


class TraceStep(msgspec.Struct, frozen=True, kw_only=True):
    """One barrier and its cause."""

    number: int
    """Number of the barrier, from 1."""
    section: str | None
    """``start``, ``step`` or ``finally``; ``None`` for the end of a program without an answer."""
    steps: int
    """Steps completed before this one."""
    line: int | None
    """The line of the source, from 1."""
    source: str | None
    """The text of that line, without surrounding white space."""
    memory: MemoryState
    """The program's memory before the verb."""
    verb: AnyVerb
    actions: tuple[Action, ...]
    exhausted: bool
    """The budget ended inside the verb."""
    charged: int
    """Tokens that the barrier was charged."""
    spent: int
    """Tokens charged in the episode, after the barrier."""
    sequential_charged: int
    """The largest charge of any one branch in the barrier."""
    sequential: int
    """Tokens on the critical path, after the barrier."""


class VoteCount(msgspec.Struct, frozen=True):
    """How many branches vote for one answer at the end, each by its latest revealed one."""

    answer: str | None
    """``None`` for branches that never revealed one; they do not vote."""
    finished: int
    """Among the finished branches."""
    alive: int
    """Among all that were not pruned, finished ones included."""
    pruned: int
    """Among the pruned ones."""


class BranchEnd(msgspec.Struct, frozen=True):
    """The final state of one branch."""

    branch: int
    status: Status
    depth: int
    """Depth in advances."""
    tokens: int
    """Tokens generated on it, without probes."""
    answer: str | None
    """Its latest revealed answer."""


class StopReason(msgspec.Struct, frozen=True):
    """Where the controller jumped to ``finally`` early."""

    line: int
    source: str
    because: str | None
    budget: bool
    """Whether the budget ended in the verb of that line; if not, the line has a ``stop``."""


class EpisodeTrace(msgspec.Struct, frozen=True, kw_only=True):
    """One episode."""

    barriers: list[TraceStep]
    """The last step is the answer."""
    votes: list[VoteCount]
    """Ordered by votes of branches not pruned, then first seen; branches without an answer last."""
    branches: list[BranchEnd]
    stopped: StopReason | None
    answer: str | None
    gold: str | None
    """``None`` if unknown: in episodes that serve a client of the proxy."""
    right: bool | None
    tokens: int
    sequential: int


def trace_episode(
    plan: Plan, replay_environment: ReplayEnvironment, question: int, seed: int
) -> EpisodeTrace:
    """Play one episode and return all of it.

    The memory of a controller in another language than Rheo is not visible.

    Args:
        plan: The controller and its setting.
        replay_environment: The recording.
        question: The question's position.
        seed: Determines the order of the branches.

    Raises:
        InputError: The recording lacks what the program needs, or the episode failed.
        ExternalError: The runtime of a controller in another language is not available.
    """
    trace: list[BarrierRecord] = []
    replay = Replay(
        replay_environment.pool(question, endings=plan.reads_endings),
        seed=seed,
        question=question,
        budget=plan.rules.budget,
        probe_cost=plan.rules.probe_cost,
        trace=trace,
    )
    before: list[Snapshot] = []
    if isinstance(plan, RheoPlan):
        refuse_unmet_needs(plan.program.checked, replay_environment)
        controller, before = instrument_program(plan, trace)
        play_episode(controller, replay, plan.beta)
    else:
        get_foreign_engine(plan.program.engine).trace(plan.program.source, plan.beta, replay)
    return assemble_trace(plan, trace, before, replay, replay_environment.gold[question])


class InstrumentedProgram(NamedTuple):
    """A Rheo program whose memory is recorded as it plays."""

    controller: Interpreter
    before: list[Snapshot]
    """Memory before each barrier; filled during the episode."""


def instrument_program(plan: RheoPlan, trace: Sequence[BarrierRecord]) -> InstrumentedProgram:
    """Prepare a program for one episode that records its memory.

    Args:
        plan: The program and its setting.
        trace: The trace that the reasoner writes.
    """
    before: list[Snapshot] = []

    def watch(memory: Snapshot) -> None:
        del before[
            len(trace) :
        ]  # drop the memory of a verb that the budget refused: it is not a barrier
        before.append(memory)

    return InstrumentedProgram(Interpreter(plan.program.checked, plan.chosen, watch=watch), before)


def assemble_trace(
    plan: Plan,
    trace: Sequence[BarrierRecord],
    before: Sequence[Snapshot],
    replay: Replay,
    gold: str | None,
) -> EpisodeTrace:
    """Assemble the full trace of an episode that has ended.

    Args:
        plan: The controller and its setting.
        trace: The barriers of the episode.
        before: The program's memory before each barrier; empty if it is not visible.
        replay: The episode.
        gold: The gold answer, if known.
    """
    stopped = None
    if isinstance(plan, RheoPlan):
        stopped = _stop(plan.program.checked, trace[-1].verb)
    source = plan.program.checked.source if isinstance(plan, RheoPlan) else plan.program.source
    return EpisodeTrace(
        barriers=_moments(source, trace, before or [_EMPTY_SNAPSHOT] * len(trace)),
        votes=count_votes(replay.episode),
        branches=[_branch_end(view) for view in replay.episode.branches],
        stopped=stopped,
        answer=replay.answer,
        gold=gold,
        right=None if gold is None else replay.answer == gold,
        tokens=replay.spent,
        sequential=replay.sequential,
    )


_EMPTY_SNAPSHOT = Snapshot(None, 0, {}, {}, {}, {}, {}, {})


def count_votes(episode: Episode) -> list[VoteCount]:
    """Count the votes of an episode's branches at its end."""
    views = episode.branches
    alive = [view for view in views if view.status is not Status.PRUNED]
    finished = [views[index] for index in episode.finished]
    pruned = [view for view in views if view.status is Status.PRUNED]
    counted = [_counted(group) for group in (finished, alive, pruned)]
    answers: dict[str | None, None] = dict.fromkeys([*counted[1], *counted[2]])
    answers.pop(None, None)
    ranked: list[str | None] = sorted(answers, key=lambda answer: -counted[1].get(answer, 0))
    if any(None in counts for counts in counted):
        ranked.append(None)
    return [VoteCount(answer, *(counts.get(answer, 0) for counts in counted)) for answer in ranked]


def _counted(views: Sequence[BranchView]) -> dict[str | None, int]:
    counts: dict[str | None, int] = {}
    for view in views:
        counts[view.answer] = counts.get(view.answer, 0) + 1
    return counts


def _moments(
    source: Source, trace: Sequence[BarrierRecord], before: Sequence[Snapshot]
) -> list[TraceStep]:
    moments = []
    spent = sequential = 0
    for number, (barrier, memory) in enumerate(zip(trace, before, strict=True), start=1):
        line = None if barrier.verb.origin is None else barrier.verb.origin.line
        moments.append(
            TraceStep(
                number=number,
                section=memory.section,
                steps=memory.steps,
                line=line,
                source=None if line is None else source.line(line).strip(),
                memory=MemoryState(
                    dict(memory.cells),
                    dict(memory.windows),
                    dict(memory.lets),
                    dict(memory.fields),
                    dict(memory.branch_windows),
                ),
                verb=barrier.verb,
                actions=barrier.actions,
                exhausted=barrier.exhausted,
                charged=barrier.spent - spent,
                spent=barrier.spent,
                sequential_charged=barrier.sequential - sequential,
                sequential=barrier.sequential,
            )
        )
        spent, sequential = barrier.spent, barrier.sequential
    return moments


def _branch_end(view: BranchView) -> BranchEnd:
    return BranchEnd(view.index, view.status, view.depth, view.tokens, view.answer)


def _stop(checked: CheckedProgram, verb: AnyVerb) -> StopReason | None:
    """Return where the controller jumped to its end, from its last verb."""
    if not isinstance(verb, Answer) or verb.stopped is None:
        return None
    line = verb.stopped.line
    statement = _statement(checked, verb.stopped)
    because = None
    if isinstance(statement, tree.Stop) and statement.because is not None:
        because = statement.because.text
    return StopReason(
        line, checked.source.line(line).strip(), because, not isinstance(statement, tree.Stop)
    )


def _statement(checked: CheckedProgram, origin: Origin) -> tree.Node:
    return next(
        node
        for node in walk(checked.program)
        if isinstance(node, tree.Verb)
        and checked.source.position(node.span.start) == (origin.line, origin.column)
    )

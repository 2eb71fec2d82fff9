"""The meaning of statements: plain ones change memory, acting ones send verbs."""

from collections.abc import Callable, Generator, MutableSequence, Sequence
from enum import Enum
from typing import TypeAlias, assert_never

from dsl import tree
from dsl.checker import CheckedProgram
from dsl.episode import (
    Advance,
    Answer,
    AnyVerb,
    Open,
    Origin,
    Outcome,
    Probe,
    Prune,
    Sample,
    Status,
)
from dsl.interpreter.expressions import Closure, ExpressionClosures
from dsl.interpreter.frame import Frame, of_each
from dsl.interpreter.running import RunningClosures
from dsl.traversal import walk


class StatementExit(Enum):
    """How a statement is left."""

    NEXT = "on to the next"
    STOP = "to finally"
    ANSWERED = "the episode has ended"


ActingStatement: TypeAlias = Callable[[Frame], Generator[AnyVerb, Outcome, StatementExit]]
PlainStatement: TypeAlias = Callable[[Frame], None]
VerbFactory: TypeAlias = Callable[[Frame], AnyVerb | None]
BranchVerb: TypeAlias = tree.Open | tree.Sample | tree.Advance | tree.Probe | tree.Prune


class StatementClosures:
    """Compiles the statements of one checked program."""

    def __init__(
        self,
        checked: CheckedProgram,
        expressions: ExpressionClosures,
        running: RunningClosures,
        runs: MutableSequence[int] | None = None,
    ):
        self._checked = checked
        self._expressions = expressions
        self._running = running
        self._runs = runs
        self._counted = {} if runs is None else first_on_lines(checked)

    # Acting statements, which may send verbs

    def block(self, block: tree.Block) -> ActingStatement:
        """Yield a block of `start`, `step` or `finally`."""
        parts = [self._acting(statement) for statement in block.statements]

        def run(frame: Frame) -> Generator[AnyVerb, Outcome, StatementExit]:
            for plain, acting in parts:
                if plain is not None:
                    plain(frame)
                elif acting is not None:
                    leave = yield from acting(frame)
                    if leave is not StatementExit.NEXT:
                        return leave
            return StatementExit.NEXT

        return run

    def _acting(
        self, statement: tree.Statement
    ) -> tuple[PlainStatement | None, ActingStatement | None]:
        """Return a statement as one of the two kinds: plain where nothing in it can act."""
        if not any(isinstance(node, _VERBS) for node in walk(statement)):
            return self._plain(statement), None
        return None, self._count_acting(statement, self._verb_or_if(statement))

    def _verb_or_if(self, statement: tree.Statement) -> ActingStatement:
        match statement:
            case tree.If():
                return self._acting_if(statement)
            case tree.Let(name=name, value=tree.Open() | tree.Sample() as verb):
                return self._verb(verb, bind=name.text)
            case tree.Answer():
                return self._answer(statement)
            case tree.Stop():
                return self._stop(statement)
            case tree.Open() | tree.Sample() | tree.Advance() | tree.Probe() | tree.Prune():
                return self._verb(statement)
            case tree.Let() | tree.Assign() | tree.SetField() | tree.Push() | tree.Update():
                raise AssertionError(statement)
            case _:
                assert_never(statement)

    def _acting_if(self, statement: tree.If) -> ActingStatement:
        condition = self._expressions.truth(statement.condition)
        then = self.block(statement.then)
        otherwise: ActingStatement | None = None
        match statement.otherwise:
            case tree.Block() as block:
                otherwise = self.block(block)
            case tree.If() as chained:
                otherwise = self.block(tree.Block(chained.span, (chained,)))

        def run(frame: Frame) -> Generator[AnyVerb, Outcome, StatementExit]:
            if condition(frame):
                return (yield from then(frame))
            if otherwise is not None:
                return (yield from otherwise(frame))
            return StatementExit.NEXT

        return run

    def _answer(self, statement: tree.Answer) -> ActingStatement:
        choices = [self._expressions.answer(choice) for choice in statement.choices]
        origin, because = self._origin(statement), _reason(statement)

        def run(frame: Frame) -> Generator[AnyVerb, Outcome, StatementExit]:
            answer = None
            for choice in choices:
                answer = choice(frame)
                if answer is not None:
                    break
            yield Answer(answer=answer, origin=origin, because=because, stopped=frame.stopped)
            return StatementExit.ANSWERED

        return run

    def _stop(self, statement: tree.Stop) -> ActingStatement:
        origin = self._origin(statement)

        def run(frame: Frame) -> Generator[AnyVerb, Outcome, StatementExit]:
            frame.stopped = origin
            return StatementExit.STOP
            yield  # makes it a generator, though it sends nothing

        return run

    def _verb(self, statement: BranchVerb, bind: str | None = None) -> ActingStatement:
        """Compile a verb; `bind` names the branches that it touched."""
        make, origin, running = self._maker(statement), self._origin(statement), self._running

        def run(frame: Frame) -> Generator[AnyVerb, Outcome, StatementExit]:
            verb = make(frame)
            touched: tuple[int, ...] = ()
            exhausted = False
            if verb is not None:
                outcome = yield verb
                touched, exhausted = outcome.branches, outcome.exhausted
                frame.meet_new_branches()
                if running:
                    running.pass_intervals(frame, touched)
            if bind is not None:
                frame.lets[bind] = touched
            if not exhausted:
                return StatementExit.NEXT
            frame.stopped = origin
            return StatementExit.STOP

        return run

    def _maker(self, statement: BranchVerb) -> VerbFactory:
        """Return what a verb comes to in a frame, ``None`` where it comes to nothing."""
        match statement:
            case tree.Open() | tree.Sample():
                return self._new_branches(statement)
            case tree.Advance():
                return self._advance(statement)
            case tree.Probe() | tree.Prune():
                return self._probe_or_prune(statement)
            case _:
                assert_never(statement)

    def _new_branches(self, statement: tree.Open | tree.Sample) -> VerbFactory:
        count = self._expressions.integer(statement.count)
        origin, because = self._origin(statement), _reason(statement)

        def make(frame: Frame) -> AnyVerb | None:
            most = min(count(frame), frame.episode.available)
            if most <= 0:
                return None
            if isinstance(statement, tree.Sample):
                return Sample(count=most, origin=origin, because=because)
            return Open(count=most, look=statement.look, origin=origin, because=because)

        return make

    def _probe_or_prune(self, statement: tree.Probe | tree.Prune) -> VerbFactory:
        members = self._expressions.branches(statement.branches)
        origin, because = self._origin(statement), _reason(statement)

        def make(frame: Frame) -> AnyVerb | None:
            branches = _active(frame, members(frame))
            if isinstance(statement, tree.Prune):
                return (
                    Prune(branches=branches, origin=origin, because=because) if branches else None
                )
            views = frame.episode.branches
            unseen = tuple(b for b in branches if views[b].revealed != views[b].depth)
            return Probe(branches=unseen, origin=origin, because=because) if unseen else None

        return make

    def _advance(self, statement: tree.Advance) -> VerbFactory:
        origin, because = self._origin(statement), _reason(statement)
        members = self._expressions.branches(statement.branches)
        burst = None if statement.burst is None else self._expressions.integer(statement.burst)

        def make(frame: Frame) -> AnyVerb | None:
            moving = _active(frame, members(frame))
            if burst is None:
                bursts = (1,) * len(moving)
            else:
                wanted = of_each(frame, moving, burst)
                pairs = [pair for pair in zip(moving, wanted, strict=True) if pair[1] > 0]
                moving = tuple(branch for branch, _ in pairs)
                bursts = tuple(intervals for _, intervals in pairs)
            if not moving:
                return None
            return Advance(
                branches=moving, bursts=bursts, look=statement.look, origin=origin, because=because
            )

        return make

    def _count_acting(self, statement: tree.Statement, acting: ActingStatement) -> ActingStatement:
        """Have a statement count its runs, where lines are counted and it is the first on its."""
        line, runs = self._counted.get(statement), self._runs
        if line is None or runs is None:
            return acting

        def run(frame: Frame) -> Generator[AnyVerb, Outcome, StatementExit]:
            runs[line] += 1
            return (yield from acting(frame))

        return run

    def _count_plain(self, statement: tree.Statement, plain: PlainStatement) -> PlainStatement:
        line, runs = self._counted.get(statement), self._runs
        if line is None or runs is None:
            return plain

        def run(frame: Frame) -> None:
            runs[line] += 1
            plain(frame)

        return run

    def _origin(self, statement: tree.Statement) -> Origin:
        source = self._checked.source
        start, end = source.position(statement.span.start), source.position(statement.span.end)
        return Origin(start.line, start.column, end.line, end.column)

    # Plain statements, which change memory alone

    def _plain(self, statement: tree.Statement) -> PlainStatement:
        return self._count_plain(statement, self._change(statement))

    def _change(self, statement: tree.Statement) -> PlainStatement:
        match statement:
            case tree.Let():
                return self._let(statement)
            case tree.Assign():
                return self._assign(statement)
            case tree.SetField():
                return self._set_field(statement)
            case tree.Push():
                return self._push(statement)
            case tree.If():
                return self._plain_if(statement)
            case tree.Update():
                return self._update(statement)
            case _:
                raise AssertionError(statement)

    def _sequence(self, block: tree.Block) -> PlainStatement:
        parts = [self._plain(statement) for statement in block.statements]

        def run(frame: Frame) -> None:
            for part in parts:
                part(frame)

        return run

    def _let(self, statement: tree.Let) -> PlainStatement:
        name = statement.name.text
        assert not isinstance(statement.value, tree.Open | tree.Sample)
        value = self._expressions.value(statement.value)

        def run(frame: Frame) -> None:
            frame.lets[name] = value(frame)

        return run

    def _assign(self, statement: tree.Assign) -> PlainStatement:
        name = statement.name.text
        value = self._stored(statement.name, statement.value)

        def run(frame: Frame) -> None:
            frame.cells[name] = value(frame)

        return run

    def _set_field(self, statement: tree.SetField) -> PlainStatement:
        name = statement.field.text
        value = self._stored(statement.field, statement.value)

        def run(frame: Frame) -> None:
            frame.fields[name][frame.current_branch.index] = value(frame)

        return run

    def _stored(self, target: tree.Identifier, value: tree.Expression) -> Closure:
        return self._expressions.as_type(value, self._checked.symbols[target].type)

    def _push(self, statement: tree.Push) -> PlainStatement:
        name, value = statement.window.text, self._expressions.real(statement.value)

        def run(frame: Frame) -> None:
            frame.windows[name].values.append(value(frame))

        return run

    def _plain_if(self, statement: tree.If) -> PlainStatement:
        condition = self._expressions.truth(statement.condition)
        then = self._sequence(statement.then)
        otherwise: PlainStatement | None = None
        match statement.otherwise:
            case tree.Block() as block:
                otherwise = self._sequence(block)
            case tree.If() as chained:
                otherwise = self._plain(chained)  # counted, where it begins a line

        def run(frame: Frame) -> None:
            if condition(frame):
                then(frame)
            elif otherwise is not None:
                otherwise(frame)

        return run

    def _update(self, statement: tree.Update) -> PlainStatement:
        branches, body = (
            self._expressions.branches(statement.branches),
            self._sequence(statement.body),
        )

        def run(frame: Frame) -> None:
            of_each(frame, branches(frame), body)

        return run


_VERBS = (
    tree.Open, tree.Sample, tree.Advance, tree.Probe, tree.Prune, tree.Answer, tree.Stop,
)  # fmt: skip


def first_on_lines(checked: CheckedProgram) -> dict[tree.Node, int]:
    """Return the first statement of each line, with the line: a line runs when it does."""
    first: dict[int, tree.Node] = {}
    for node in walk(checked.program):
        if isinstance(node, tree.Statement):
            line = checked.source.position(node.span.start).line
            earlier = first.setdefault(line, node)
            if node.span.start < earlier.span.start:
                first[line] = node
    return {node: line for line, node in first.items()}


def _active(frame: Frame, members: Sequence[int]) -> tuple[int, ...]:
    """Return the members that a verb can act on."""
    views = frame.episode.branches
    return tuple(index for index in members if views[index].status is Status.ACTIVE)


def _reason(statement: tree.Verb) -> str | None:
    return None if statement.because is None else statement.because.text

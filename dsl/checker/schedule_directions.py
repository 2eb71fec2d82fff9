"""Check the directions of a schedule: proved, refuted by two values, or not proved."""

from dataclasses import dataclass
from enum import Enum

from dsl import tree
from dsl.checker.counterexample import Counterexample, find_counterexample
from dsl.checker.direction_proof import FULL_RANGE, BetaInterval, DirectionProver
from dsl.checker.scope import Scope
from dsl.checker.symbols import schedule_lines
from dsl.checker.tendency import Obstacle, Tendency
from dsl.diagnostics import Edit, Mark
from dsl.operations import NodeTypes, Number
from dsl.source import Span

_WANTED = {
    tree.Direction.RISING: Tendency.RISING,
    tree.Direction.FALLING: Tendency.FALLING,
    tree.Direction.FIXED: Tendency.CONSTANT,
}


class ProofOutcome(Enum):
    """The outcome of the proof of a knob's direction."""

    PROVED = "proved"
    REFUTED = "refuted"
    NOT_PROVABLE = "not provable"


@dataclass(frozen=True, slots=True)
class DirectionVerdict:
    """What is known of one knob of the schedule, over all β and all settings of free knobs.

    Attributes:
        line: the line of the schedule, with the name and the declared direction.
        outcome: whether the declared direction is proved, refuted or neither.
        tendency: what the rules show; ``UNKNOWN`` unless it is shown for all of [0, 1].
        low: no value is smaller.
        high: no value is larger.
        counterexample: the two values, where it is refuted.
        obstacle: the smallest expression in the way, where it is not proved.
        where: the interval of β in which ``obstacle`` is in the way.
    """

    line: tree.Scheduled
    outcome: ProofOutcome
    tendency: Tendency
    low: Number
    high: Number
    counterexample: Counterexample | None = None
    obstacle: Obstacle | None = None
    where: BetaInterval = FULL_RANGE

    @property
    def name(self) -> str:
        """The knob."""
        return self.line.name.text


def prove_directions(program: tree.Program, types: NodeTypes) -> list[DirectionVerdict]:
    """Return the verdict on each knob of the schedule, in source order.

    Args:
        program: a program without errors in its names and types.
        types: the checker's types, as `Checked.types`.
    """
    prover = DirectionProver(program, types)
    return [_verdict(prover, program, types, line) for line in schedule_lines(program).values()]


def _verdict(
    prover: DirectionProver, program: tree.Program, types: NodeTypes, line: tree.Scheduled
) -> DirectionVerdict:
    wanted = _WANTED[line.direction]
    proof, where = prover.prove(line.value, wanted)
    if proof.tendency in {wanted, Tendency.CONSTANT}:
        return DirectionVerdict(line, ProofOutcome.PROVED, proof.tendency, proof.low, proof.high)
    bounds = prover.over(line.value, FULL_RANGE)
    counterexample = find_counterexample(program, types, line, prover.turns(line.value))
    if counterexample is not None:
        others = (prover.prove(line.value, one) for one in _WANTED.values() if one is not wanted)
        tendency = next(
            (other.behaviour.tendency for other in others if other.piece == FULL_RANGE),
            Tendency.UNKNOWN,
        )
        return DirectionVerdict(
            line,
            ProofOutcome.REFUTED,
            tendency,
            bounds.low,
            bounds.high,
            counterexample=counterexample,
        )
    problem = proof.obstacle or Obstacle(
        line.value,
        f"this is {proof.tendency.value} or constant",
        f"declare it `{proof.tendency.value}`",
    )
    return DirectionVerdict(
        line, ProofOutcome.NOT_PROVABLE, Tendency.UNKNOWN, bounds.low, bounds.high,
        obstacle=problem, where=where,
    )  # fmt: skip


def check_schedule(scope: Scope, program: tree.Program) -> None:
    """Report knobs whose declared direction is refuted, not proved or too weak."""
    for verdict in prove_directions(program, scope.types):
        if verdict.counterexample is not None:
            _refuted(scope, verdict, verdict.counterexample)
        elif verdict.obstacle is not None:
            _not_provable(scope, verdict, verdict.obstacle)
        elif (
            verdict.tendency is Tendency.CONSTANT
            and verdict.line.direction is not tree.Direction.FIXED
        ):
            _never_moves(scope, verdict)


def _word(line: tree.Scheduled) -> Span:
    """Where the direction is written."""
    start = line.span.start
    return Span(start, start + len(line.direction.value))


def _refuted(scope: Scope, verdict: DirectionVerdict, pair: Counterexample) -> None:
    declared = verdict.line.direction.value
    goes = "rises" if pair.after > pair.before else "falls"
    settings = ", ".join(f"{name} = {setting!r}" for name, setting in pair.settings.items())
    better = {
        Tendency.RISING: tree.Direction.RISING,
        Tendency.FALLING: tree.Direction.FALLING,
        Tendency.CONSTANT: tree.Direction.FIXED,
    }.get(verdict.tendency)
    scope.error(
        "RH601",
        f"`{verdict.name}` is not {declared}: {f'with {settings}, ' if settings else ''}at beta ="
        f" {_short(pair.beta)} it is {_format_number(pair.before)}, at beta = {_short(pair.then)}"
        f" it {goes} to {_format_number(pair.after)}",
        verdict.line.value.span,
        goes,
        also=(Mark(_word(verdict.line), f"declared {declared}"),),
        help=(
            "a knob must move in one direction or stay the same as `beta` rises; change the "
            "expression"
        )
        if better is None
        else f"declare it `{better.value}`, which is proved, or change the expression",
    )


def _not_provable(scope: Scope, verdict: DirectionVerdict, problem: Obstacle) -> None:
    where = verdict.where
    # Where the very first interval fails, the position carries no information.
    near = f", near beta = {(where.low + where.high) / 2:.2g}" if where.low > 0 else ""
    scope.warning(
        "RH602",
        f"could not prove or refute that `{verdict.name}` is {verdict.line.direction.value}",
        problem.node.span,
        f"{problem.problem}{near}",
        also=(Mark(_word(verdict.line), f"declared {verdict.line.direction.value}"),),
        help=problem.remedy,
    )


def _never_moves(scope: Scope, verdict: DirectionVerdict) -> None:
    always = f": it is always {_format_number(verdict.low)}" if verdict.low == verdict.high else ""
    verb = "rises" if verdict.line.direction is tree.Direction.RISING else "falls"
    scope.warning(
        "RH603",
        f"`{verdict.name}` never {verb}{always}",
        _word(verdict.line),
        f"never {verb}",
        help="declare it `fixed`",
        edit=Edit(_word(verdict.line), tree.Direction.FIXED.value),
    )


def _format_number(value: Number) -> str:
    """Return a value as messages show it: without the sign of a zero."""
    return repr(value + 0)


def _short(beta: float) -> str:
    return repr(beta).removesuffix(".0")

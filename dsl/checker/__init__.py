"""The checker: names, types, flow, usage and directions, before anything runs."""

from dsl import tree
from dsl.checker.conditions import check_conditions
from dsl.checker.declarations import check_declarations, check_sections
from dsl.checker.first_values import bare_signals, check_first_values, interval_signals
from dsl.checker.flow import check_flow
from dsl.checker.progress import check_progress
from dsl.checker.schedule_directions import check_schedule
from dsl.checker.scope import Scope
from dsl.checker.statements import check_bodies
from dsl.checker.symbols import CheckedProgram, Needs, Role, Symbol
from dsl.checker.unrevealed import check_unrevealed
from dsl.checker.usage import check_usage
from dsl.diagnostics import Diagnostic
from dsl.source import Source
from dsl.traversal import walk

__all__ = ["CheckedProgram", "Needs", "Role", "Symbol", "check"]


def check(program: tree.Program, source: Source) -> tuple[CheckedProgram | None, list[Diagnostic]]:
    """Check a program; the first is ``None`` where there was an error.

    The passes run in order; the later ones speak only of programs whose names and types are sound,
    so that one mistake is reported once.
    """
    scope = Scope()
    check_sections(scope, program)
    check_declarations(scope, program)
    check_bodies(scope, program)
    check_flow(scope, program)
    if not any(diagnostic.is_error for diagnostic in scope.diagnostics):
        check_schedule(scope, program)
        check_usage(scope, program)
        check_progress(scope, program)
        check_conditions(scope, program, source)
        check_unrevealed(scope, program)
        check_first_values(scope, program)
    if any(diagnostic.is_error for diagnostic in scope.diagnostics):
        return None, scope.diagnostics
    checked = CheckedProgram(source, program, scope.types, scope.symbols, _needs(scope, program))
    return checked, scope.diagnostics


def _needs(scope: Scope, program: tree.Program) -> Needs:
    inside = any(isinstance(node, tree.Open | tree.Advance | tree.Probe) for node in walk(program))
    endings = any(
        isinstance(node, tree.Field) and node.text == ".cut_off" and symbol.role is Role.ATTRIBUTE
        for node, symbol in scope.symbols.items()
    )
    return Needs(
        frozenset(scope.needs),
        inside,
        endings,
        bare_signals(scope, program),
        interval_signals(scope, program),
    )

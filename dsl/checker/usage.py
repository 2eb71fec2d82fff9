"""What is declared and never used."""

from dsl import tree
from dsl.checker.scope import Scope
from dsl.checker.symbols import Role, Symbol

_CODES = {
    Role.SCHEDULED: "RH701",
    Role.KNOB: "RH701",
    Role.MEMORY: "RH702",
    Role.LET: "RH703",
    Role.FIELD: "RH704",
}


def check_usage(scope: Scope, program: tree.Program) -> None:
    """Warns of knobs, cells, fields, `let`s and needs that nothing reads."""
    lets = [
        scope.symbols[node.name]
        for node in tree.walk(program)
        if isinstance(node, tree.Let) and node.name in scope.symbols
    ]
    for symbol in (*scope.globals.values(), *scope.fields.values(), *lets):
        if symbol in scope.used or symbol.span is None:
            continue
        assigned = symbol.role in {Role.MEMORY, Role.FIELD} and any(
            used == symbol for used in scope.symbols.values()
        )
        scope.warning(
            _CODES[symbol.role],
            f"`{symbol.name}` is {'assigned but never read' if assigned else 'never used'}",
            symbol.span,
            help=_help(program, symbol),
        )
    read = {
        node.text.removeprefix(".") for node in tree.walk(program) if isinstance(node, tree.Field)
    }
    for signal, span in scope.needs.items():
        if signal not in read:
            scope.warning(
                "RH705",
                f"the program needs `{signal}` and never reads `.{signal}`",
                span,
                help="remove it, so that the controller runs on every recording",
            )


def _help(program: tree.Program, symbol: Symbol) -> str:
    if symbol.role is Role.LET:
        statement = next(
            (
                node.value
                for node in tree.walk(program)
                if isinstance(node, tree.Let) and node.name.span == symbol.span
            ),
            None,
        )
        if isinstance(statement, tree.Open | tree.Sample):
            return "write the verb without `let`"
    return "remove it"

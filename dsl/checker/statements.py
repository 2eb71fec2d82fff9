"""Check statements: what they may do in their position, and what they declare."""

from typing import assert_never

from dsl import tree
from dsl.builtins import NAMES
from dsl.checker import expressions
from dsl.checker.scope import ExpressionPosition, Scope, describe_built_in
from dsl.checker.symbols import Role, Symbol
from dsl.diagnostics import Edit, Mark
from dsl.foreign_idioms import OPERATORS
from dsl.source import Span
from dsl.traversal import ungroup
from dsl.types import Type, fits
from dsl.vocabulary import did_you_mean


def check_bodies(scope: Scope, program: tree.Program) -> None:
    """Check `start`, `step` and `finally`."""
    for section in program.sections:
        match section:
            case tree.Start():
                _block(scope, section.body, _StatementRules(section="start"))
            case tree.Step():
                if section.cap is not None:
                    with scope.at(ExpressionPosition.CAP):
                        expressions.expect(scope, section.cap, Type.INTEGER, "`at most` takes")
                _block(scope, section.body, _StatementRules(section="step"))
            case tree.Finally():
                _block(scope, section.body, _StatementRules(section="finally"))
            case _:
                pass


class _StatementRules:
    """What is allowed where a statement is."""

    def __init__(self, section: str, *, updating: bool = False):
        self.section = section
        self.updating = updating


def _block(scope: Scope, block: tree.Block, rules: _StatementRules) -> None:
    with scope.block():
        for statement in block.statements:
            _statement(scope, statement, rules)


def _statement(scope: Scope, statement: tree.Statement, rules: _StatementRules) -> None:
    match statement:
        case tree.Let():
            _let(scope, statement, rules)
        case tree.If():
            _if(scope, statement, rules)
        case tree.SetField():
            _set_field(scope, statement, rules)
        case _ if rules.updating:
            if isinstance(statement, tree.Assign):
                _assume(scope, statement.name, expressions.check(scope, statement.value))
            scope.error(
                "RH403",
                f"`{_word(statement)}` is not allowed inside `update`",
                _head(statement),
                help=_update_advice(scope, statement),
            )
        case tree.Assign():
            _assign(scope, statement)
        case tree.Push():
            _push(scope, statement)
        case tree.Update():
            expressions.expect(scope, statement.branches, Type.BRANCHES, "`update` takes")
            with scope.with_branch():
                _block(scope, statement.body, _StatementRules(rules.section, updating=True))
        case tree.Answer():
            for choice in statement.choices:
                expressions.expect(scope, choice, Type.ANSWER, "`answer` takes")
        case tree.Stop():
            _stop(scope, statement, rules)
        case _:
            _act(scope, statement, rules)


def _update_advice(scope: Scope, statement: tree.Statement) -> str:
    if isinstance(statement, tree.Assign) and f".{statement.name.text}" in scope.fields:
        return f"a field has a dot: write `.{statement.name.text} = …`"
    return "`update` can only assign fields; move this before or after it"


def _reason_advice(statement: tree.Assign) -> str | None:
    """Advise on ``stop reason = "done"``, whose last two words are read as an assignment."""
    suggestion = OPERATORS.get(statement.name.text)
    if (
        suggestion is None
        or suggestion.replacement != "because"
        or not isinstance(statement.value, tree.Text)
    ):
        return None
    return f'a reason follows `because`: write `… because "{statement.value.text}"`'


def _word(statement: tree.Statement) -> str:
    if isinstance(statement, tree.Assign):
        return f"{statement.name.text} ="
    if isinstance(statement, tree.Advance) and not statement.look:
        return "extend"
    return type(statement).__name__.lower()


def _head(statement: tree.Statement) -> Span:
    """Return the word that a statement starts with."""
    if isinstance(statement, tree.Assign):
        return statement.name.span
    start = statement.span.start
    return Span(start, start + len(_word(statement)))


def _let(scope: Scope, statement: tree.Let, rules: _StatementRules) -> None:
    value = statement.value
    if isinstance(value, tree.Open | tree.Sample):
        if rules.updating:
            scope.error(
                "RH403",
                f"`{_word(value)}` is not allowed inside `update`",
                _head(value),
                help="`update` can only assign fields; move this before it",
            )
        _act(scope, value, rules)
        actual = Type.BRANCHES
    else:
        actual = expressions.check(scope, value)
    if actual is Type.WINDOW:
        scope.error(
            "RH301",
            "a window already has a name",
            value.span,
            help="use it by that name, or read it with `newest(…)`, `mean(…)` or `rise(…)`",
        )
        actual = Type.WRONG
    symbol = Symbol(Role.LET, statement.name.text, actual, statement.name.span)
    scope.symbols[statement.name] = symbol
    scope.declare(symbol, scope.lets[-1])


def _if(scope: Scope, statement: tree.If, rules: _StatementRules) -> None:
    expressions.expect(scope, statement.condition, Type.TRUTH, "`if` takes")
    _block(scope, statement.then, rules)
    match statement.otherwise:
        case tree.Block() as block:
            _block(scope, block, rules)
        case tree.If() as chained:
            _if(scope, chained, rules)
        case None:
            pass
        case other:
            assert_never(other)


def _assign(scope: Scope, statement: tree.Assign) -> None:
    actual = expressions.check(scope, statement.value)
    name = statement.name
    symbol = scope.lookup(name.text)
    if name.text in scope.doubtful:
        return
    if symbol is None and name.text in NAMES:
        scope.error(
            "RH209",
            f"`{name.text}` is {describe_built_in(name.text)}, so it cannot be assigned",
            name.span,
            help="only memory cells change; to name a value of this step, write `let x = …`",
        )
        return
    if symbol is None:
        _assume(scope, name, actual)
        cells = [one for one, s in scope.globals.items() if s.role is Role.MEMORY]
        scope.error(
            "RH209",
            f"`{name.text}` is not a memory cell, so it cannot be assigned",
            name.span,
            "not declared in `memory`",
            help=_reason_advice(statement)
            or did_you_mean(name.text, cells)
            or f"declare it in `memory {{ {name.text} = … }}`, or name it: `let {name.text} = …`",
        )
        return
    scope.symbols[name] = symbol
    if symbol.role is not Role.MEMORY:
        assert symbol.span is not None
        scope.error(
            "RH209",
            f"`{name.text}` is {symbol.role.value}, and only memory cells can be assigned",
            name.span,
            also=(Mark(symbol.span, "declared here"),),
            help="declare variables in `memory`",
        )
    elif symbol.type is Type.WINDOW:
        scope.error(
            "RH210",
            f"`{name.text}` is a window and cannot be assigned",
            statement.span,
            help=f"write `push … onto {name.text}`",
        )
    else:
        check_stored(scope, statement.value, actual, symbol)


def _assume(scope: Scope, name: tree.Identifier, actual: Type) -> None:
    """Take an assignment to nothing as a declaration, so that its uses are not reported again."""
    if scope.lookup(name.text) is None:
        scope.doubtful.add(name.text)
        scope.lets[-1][name.text] = Symbol(Role.LET, name.text, actual, name.span)


def check_stored(scope: Scope, value: tree.Expression, actual: Type, symbol: Symbol) -> None:
    """Report a value that does not fit the cell or field that it is assigned to.

    Args:
        scope: the state of the check.
        value: the value.
        actual: its type.
        symbol: the cell or field.
    """
    if fits(actual, symbol.type):
        return
    assert symbol.span is not None
    real_into_integer = symbol.type is Type.INTEGER and actual is Type.REAL
    scope.error(
        "RH307",
        f"`{symbol.name}` holds {symbol.type.value}, and this is {actual.value}",
        value.span,
        actual.value,
        also=(Mark(symbol.span, f"declared as {symbol.type.value} here"),),
        help="give it a real initial value such as `0.0`, or round the assigned value"
        if real_into_integer
        else "a cell keeps the type of its initial value",
    )


def _set_field(scope: Scope, statement: tree.SetField, rules: _StatementRules) -> None:
    actual = expressions.check(scope, statement.value)
    field = statement.field
    if not rules.updating:
        scope.error(
            "RH402",
            f"`{field.text}` can only be assigned inside `update`",
            field.span,
            "which branch?",
            help=f"write `update S {{ {field.text} = … }}` with a set of branches",
        )
        return
    symbol = scope.lookup(field.text)
    if symbol is None:
        is_attribute = field.text in scope.visible_fields()
        scope.error(
            "RH211",
            f"`{field.text}` is a read-only attribute of branches"
            if is_attribute
            else f"`{field.text}` is not a field of each branch",
            field.span,
            help="to store your own value, declare a field: `each branch { .mine = 0 }`"
            if is_attribute
            else did_you_mean(field.text, scope.fields)
            or f"declare it: `each branch {{ {field.text} = … }}`",
        )
        return
    scope.symbols[field] = symbol
    if symbol.role is Role.RUNNING:
        assert symbol.span is not None
        scope.error(
            "RH212",
            f"`{field.text}` is a running value, which every interval updates, so it cannot be"
            " assigned",
            field.span,
            also=(Mark(symbol.span, "declared here"),),
            help="assign another field, which can read it",
        )
        return
    check_stored(scope, statement.value, actual, symbol)


def _push(scope: Scope, statement: tree.Push) -> None:
    expressions.expect(scope, statement.value, Type.REAL, "`push` takes")
    name = statement.window
    symbol = scope.lookup(name.text)
    windows = [one for one, s in scope.globals.items() if s.type is Type.WINDOW]
    if symbol is None or symbol.type not in {Type.WINDOW, Type.WRONG}:
        scope.error(
            "RH210",
            f"`{name.text}` is not a window",
            name.span,
            "not a window",
            also=()
            if symbol is None or symbol.span is None
            else (Mark(symbol.span, f"declared as {symbol.type.value} here"),),
            help=did_you_mean(name.text, windows)
            or f"declare one: `memory {{ {name.text} = window(5) }}`",
        )
        return
    scope.symbols[name] = symbol


def _stop(scope: Scope, statement: tree.Stop, rules: _StatementRules) -> None:
    if rules.section == "finally":
        scope.error(
            "RH404",
            "`stop` is not allowed in `finally`",
            _head(statement),
            help="end with `answer …`",
        )


def _act(
    scope: Scope,
    statement: tree.Open | tree.Sample | tree.Advance | tree.Probe | tree.Prune,
    rules: _StatementRules,
) -> None:
    word = _word(statement)
    if rules.section == "finally":
        scope.error(
            "RH404",
            f"`{word}` is not allowed in `finally`",
            _head(statement),
            "branches no longer change here",
            help="`finally` can only read and answer; act on branches in `start` or `step`",
        )
    match statement:
        case tree.Open() | tree.Sample():
            expressions.expect(scope, statement.count, Type.INTEGER, f"`{word}` takes")
        case tree.Advance():
            expressions.expect(scope, statement.branches, Type.BRANCHES, f"`{word}` takes")
            if statement.burst is not None:
                with scope.with_branch():
                    expressions.expect(scope, statement.burst, Type.INTEGER, "`for` takes")
        case tree.Probe() | tree.Prune():
            expressions.expect(scope, statement.branches, Type.BRANCHES, f"`{word}` takes")
        case _:
            assert_never(statement)
    if not isinstance(statement, tree.Open | tree.Sample):
        _warn_of_no_effect(scope, statement, word)


_NARROWED = (tree.FilterSet, tree.SortSet, tree.ExcludeSet, tree.OnceSet, tree.TakeFirst)


def _warn_of_no_effect(
    scope: Scope, statement: tree.Advance | tree.Probe | tree.Prune, word: str
) -> None:
    branches = ungroup(statement.branches)
    while isinstance(branches, _NARROWED):
        branches = ungroup(branches.branches)
    if isinstance(branches, tree.Name) and branches.text in {"finished", "pruned"}:
        scope.warning(
            "RH706",
            f"`{word}` has no effect on branches that are {branches.text}",
            branches.span,
            help="verbs act on the active branches of a set and skip the others",
            edit=Edit(branches.span, "active"),
        )

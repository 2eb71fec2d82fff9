"""Calls of functions: which form is meant, and what it gives."""

from dsl import tree
from dsl.builtins import CHANCE, FUNCTIONS, Form, Function, Kind, Result
from dsl.checker import expressions
from dsl.checker.scope import Place, Scope
from dsl.diagnostics import Edit
from dsl.habits import FUNCTIONS as FUNCTIONS_ELSEWHERE
from dsl.habits import Habit
from dsl.source import Span
from dsl.spelling import nearest
from dsl.types import Type, joined

_KINDS = {
    Type.INTEGER: {Kind.INTEGER, Kind.NUMBER},
    Type.REAL: {Kind.NUMBER},
    Type.BRANCHES: {Kind.BRANCHES},
    Type.WINDOW: {Kind.WINDOW},
    Type.ANSWER: {Kind.ANSWER},
    Type.TRUTH: set(),
    Type.WRONG: set(Kind),
}


def check_call(scope: Scope, node: tree.Call) -> Type:
    """Finds the type of a call and of its arguments, telling what is wrong."""
    name = node.function.text
    function = FUNCTIONS.get(name)
    weight, arguments = _weight(scope, node)
    found = [_argument(scope, argument) for argument in arguments]
    if function is None:
        habit = _meant(name)
        scope.error(
            "RH203",
            f"there is no function `{name}`",
            node.function.span,
            help=habit.help,
            edit=Edit(node.function.span, habit.replacement) if habit.replacement else None,
        )
        return Type.WRONG
    if not _place_allows(scope, node):
        return Type.WRONG
    if any(kind is Type.WRONG for kind, _ in found):
        return _given_wrong(function)
    form = next((form for form in function.forms if _matches(form, found)), None)
    if form is None:
        _no_form(scope, node, function, arguments, found)
        return _given_wrong(function)
    if weight is not None and not form.weighted:
        scope.error(
            "RH305",
            f"`{name}` takes no `weight`",
            weight.span,
            help="votes are weighted in `winner`, `runner_up`, `votes`, `share`, `margin`,"
            " `entropy` and `confidence`",
        )
    return _gives(form, found, weighted=weight is not None)


def _meant(name: str) -> Habit:
    """The function that was meant by a name that there is not."""
    near = nearest(name, FUNCTIONS)
    if name in FUNCTIONS_ELSEWHERE:
        return FUNCTIONS_ELSEWHERE[name]
    if near is not None:
        return Habit(f"did you mean `{near}`?", near)
    return Habit(f"the functions are {', '.join(f'`{one}`' for one in FUNCTIONS)}")


def _weight(
    scope: Scope, node: tree.Call
) -> tuple[tree.Keyword | None, list[tree.Expression | tree.Over]]:
    """Checks the keyword arguments and takes them off the list."""
    weight = None
    arguments: list[tree.Expression | tree.Over] = []
    for argument in node.arguments:
        if not isinstance(argument, tree.Keyword):
            arguments.append(argument)
        elif argument.name.text != "weight" or weight is not None:
            scope.error(
                "RH305",
                "`weight` is given twice"
                if weight is not None
                else f"`{argument.name.text} =` is no argument of any function",
                argument.name.span,
                help="the only argument with a name is `weight = …`, once",
            )
        else:
            weight = argument
            with scope.with_branch():
                expressions.expect(scope, argument.value, Type.REAL, "`weight` takes")
    return weight, arguments


def _argument(scope: Scope, node: tree.Expression | tree.Over) -> tuple[Type, bool]:
    """The type of an argument, and whether it is an ``e of S``."""
    if not isinstance(node, tree.Over):
        return expressions.check(scope, node), False
    expressions.expect(scope, node.branches, Type.BRANCHES, "`of` takes")
    with scope.with_branch():
        return expressions.check(scope, node.value), True


def _matches(form: Form, found: list[tuple[Type, bool]]) -> bool:
    takes = list(form.takes)
    if form.more and len(found) > len(takes):
        takes += [takes[-1]] * (len(found) - len(takes))
    if len(takes) != len(found):
        return False
    return all(_takes(wanted, *given) for wanted, given in zip(takes, found, strict=True))


def _takes(wanted: Kind, kind: Type, over: bool) -> bool:
    if over or wanted is Kind.OVER:
        return over and wanted is Kind.OVER and kind.is_number
    return wanted in _KINDS[kind]


def _gives(form: Form, found: list[tuple[Type, bool]], *, weighted: bool) -> Type:
    if form.gives is Result.LIKE_WEIGHT:
        return Type.REAL if weighted else Type.INTEGER
    if form.gives is Result.LIKE_ARGUMENTS:
        result = found[0][0]
        for kind, _ in found[1:]:
            result = joined(result, kind) or Type.WRONG
        return result
    assert isinstance(form.gives, Type)
    return form.gives


def _given_wrong(function: Function) -> Type:
    """The type of a call whose arguments are wrong: what it gives where that is plain."""
    gives = {form.gives for form in function.forms}
    only = next(iter(gives))
    return only if len(gives) == 1 and isinstance(only, Type) else Type.WRONG


def _no_form(
    scope: Scope,
    node: tree.Call,
    function: Function,
    arguments: list[tree.Expression | tree.Over],
    found: list[tuple[Type, bool]],
) -> None:
    name = node.function.text
    counts = sorted({len(form.takes) for form in function.forms})
    more = any(form.more for form in function.forms)
    if len(found) not in counts and not (more and len(found) > counts[-1]):
        span = node.span if not arguments else _arguments_span(arguments)
        scope.error(
            "RH302",
            f"`{name}` takes {_number(counts, more=more)}, and here are {len(found) or 'none'}",
            span,
            help=f"write `{function.shown}`: {function.meaning}",
        )
        return
    forms = [form for form in function.forms if len(form.takes) == len(found) or form.more]
    for index, (argument, (kind, over)) in enumerate(zip(arguments, found, strict=True)):
        wanted = {form.takes[min(index, len(form.takes) - 1)] for form in forms}
        if over and (Kind.OVER not in wanted or not kind.is_number):
            problem = "`e of S` cannot stand here" if Kind.OVER not in wanted else kind.value
        elif not over and not wanted & _KINDS[kind]:
            problem = kind.value
        else:
            continue
        takes = _either([kind.value for kind in Kind if kind in wanted])
        scope.error(
            "RH303",
            f"`{name}` takes {takes} here",
            argument.span,
            problem,
            help=_argument_help(name, function, wanted, kind),
        )
        return
    scope.error(
        "RH303",
        f"`{name}` does not take these together",
        _arguments_span(arguments),
        help=f"write `{function.shown}`: {function.meaning}",
    )


def _argument_help(name: str, function: Function, wanted: set[Kind], kind: Type) -> str:
    if Kind.OVER in wanted and kind is Type.BRANCHES:
        return f"say what of each branch: `{name}(.tokens of …)`"
    if Kind.BRANCHES in wanted and kind is Type.ANSWER:
        return f"votes are counted in a set: `{function.shown}`"
    return f"write `{function.shown}`: {function.meaning}"


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _number(counts: list[int], *, more: bool) -> str:
    if more:
        return f"{counts[0]} or more arguments"
    words = " or ".join(str(count) for count in counts)
    return f"{words} argument{'' if counts == [1] else 's'}"


def _arguments_span(arguments: list[tree.Expression | tree.Over]) -> Span:
    return arguments[0].span.to(arguments[-1].span)


def _place_allows(scope: Scope, node: tree.Call) -> bool:
    name = node.function.text
    if name == "window" and scope.place is not Place.MEMORY:
        scope.error(
            "RH406",
            "a window can only be declared in `memory`",
            node.span,
            help="write `memory { trend = window(5) }` and `push … onto trend`",
        )
        return False
    if name in CHANCE and scope.place is not Place.CODE:
        scope.error(
            "RH405",
            f"`{name}` cannot be used in {scope.place.value}",
            node.span,
            "chance belongs to the episode",
            help="draw in `start` or `step`, and keep the draw in `memory` or in a field",
        )
        return False
    if name == "round" and len(node.arguments) == 2 and scope.place is not Place.SCHEDULE:
        scope.error(
            "RH407",
            "rounding to decimals is for schedules only",
            node.span,
            help="`round(x)` gives the nearest integer; to round to decimals, do it in `schedule`",
        )
        return False
    return True

"""Call of functions: which form is meant, and what it gives."""

from dsl import tree
from dsl.builtins import (
    CHANCE,
    COUNTING,
    FOLDING,
    FUNCTIONS,
    VOTING,
    ArgumentKind,
    BuiltinFunction,
    ResultKind,
    Signature,
)
from dsl.checker import expressions
from dsl.checker.scope import ExpressionPosition, Scope
from dsl.diagnostics import Edit
from dsl.foreign_idioms import FUNCTIONS as FUNCTIONS_ELSEWHERE
from dsl.source import Span
from dsl.types import Type, joined
from dsl.vocabulary import Suggestion, suggest_spelling

_KINDS = {
    Type.INTEGER: {ArgumentKind.INTEGER, ArgumentKind.NUMBER},
    Type.REAL: {ArgumentKind.NUMBER},
    Type.BRANCHES: {ArgumentKind.BRANCHES},
    Type.WINDOW: {ArgumentKind.WINDOW},
    Type.ANSWER: {ArgumentKind.ANSWER},
    Type.TRUTH: set(),
    Type.WRONG: set(ArgumentKind),
}


def check_call(scope: Scope, node: tree.Call) -> Type:
    """Find the type of a call and of its arguments, and report errors."""
    name = node.function.text
    function = FUNCTIONS.get(name)
    if function is None:
        return _unknown(scope, node)
    reported = scope.count_errors()
    weight, arguments = _weight(scope, node)
    with scope.advise_on_dots(_dot_advice(name)):
        types = [_argument(scope, argument) for argument in arguments]
    if not _position_allows(scope, node):
        return Type.WRONG
    # What was said of an argument is the reason that no form fits.
    if any(kind is Type.WRONG for kind, _ in types) or scope.count_errors() > reported:
        return _given_wrong(function)
    form = next((form for form in function.forms if _matches(form, types)), None)
    if form is None:
        _no_form(scope, node, function, arguments, types)
        return _given_wrong(function)
    if weight is not None and not form.weighted:
        scope.error(
            "RH305",
            f"`{name}` takes no `weight`",
            weight.span,
            help="`weight` works with `winner`, `runner_up`, `votes`, `total`, `share`,"
            " `margin`, `entropy` and `confidence`",
        )
    return _gives(form, types, weighted=weight is not None)


def _unknown(scope: Scope, node: tree.Call) -> Type:
    """Report an unknown function; what its dots and named arguments mean is unknown too."""
    suggestion = _suggest_function(node.function.text)
    scope.error(
        "RH203",
        f"unknown function `{node.function.text}`",
        node.function.span,
        help=suggestion.help,
        edit=Edit(node.function.span, suggestion.replacement) if suggestion.replacement else None,
    )
    with scope.with_branch():
        for argument in node.arguments:
            match argument:
                case tree.KeywordArgument(value=value):
                    expressions.check(scope, value)
                case tree.PerBranch(value=value, branches=branches):
                    expressions.check(scope, branches)
                    expressions.check(scope, value)
                case _:
                    expressions.check(scope, argument)
    return Type.WRONG


def _dot_advice(name: str) -> str | None:
    """Return how an argument of a function reads an attribute of each branch."""
    if name in FOLDING:
        return f"name the set: `{name}(… of active)`"
    if name in VOTING:
        return f"to weight the votes, write `{name}(S, weight = …)`"
    if name in COUNTING:
        return f"filter the set: `{name}(S where …)`"
    return None


def _suggest_function(name: str) -> Suggestion:
    """Suggest a function for an unknown name."""
    return (
        FUNCTIONS_ELSEWHERE.get(name)
        or suggest_spelling(name, FUNCTIONS)
        or Suggestion(f"the functions are {', '.join(f'`{one}`' for one in FUNCTIONS)}")
    )


def _weight(
    scope: Scope, node: tree.Call
) -> tuple[tree.KeywordArgument | None, list[tree.Expression | tree.PerBranch]]:
    """Check the keyword arguments and take them off the list."""
    weight = None
    arguments: list[tree.Expression | tree.PerBranch] = []
    for argument in node.arguments:
        if not isinstance(argument, tree.KeywordArgument):
            arguments.append(argument)
        elif argument.name.text != "weight" or weight is not None:
            scope.error(
                "RH305",
                "duplicate argument `weight`"
                if weight is not None
                else f"no function has an argument `{argument.name.text}`",
                argument.name.span,
                help=_keyword_advice(node.function.text, argument.name.text),
            )
        else:
            weight = argument
            with scope.with_branch():
                expressions.expect(scope, argument.value, Type.REAL, "`weight` takes")
    return weight, arguments


def _keyword_advice(function: str, keyword: str) -> str:
    if keyword == "key" and function in {"min", "max"}:
        sign = "-" if function == "max" else ""
        which = "largest" if function == "max" else "smallest"
        return f"the branch with the {which} key is `first 1 of S by {sign}.streak`"
    if keyword in {"weights", "w", "by"}:
        return "write `weight = …`"
    return "the only named argument is `weight = …`"


def _argument(scope: Scope, node: tree.Expression | tree.PerBranch) -> tuple[Type, bool]:
    """Return the type of an argument, and whether it is an ``e of S``."""
    if not isinstance(node, tree.PerBranch):
        return expressions.check(scope, node), False
    expressions.expect(scope, node.branches, Type.BRANCHES, "`of` takes")
    with scope.with_branch():
        return expressions.check(scope, node.value), True


def _matches(form: Signature, types: list[tuple[Type, bool]]) -> bool:
    takes = list(form.takes)
    if form.more and len(types) > len(takes):
        takes += [takes[-1]] * (len(types) - len(takes))
    if len(takes) != len(types):
        return False
    return all(_takes(wanted, *argument) for wanted, argument in zip(takes, types, strict=True))


def _takes(wanted: ArgumentKind, kind: Type, over: bool) -> bool:
    if over or wanted is ArgumentKind.OVER:
        return over and wanted is ArgumentKind.OVER and kind.is_number
    return wanted in _KINDS[kind]


def _gives(form: Signature, types: list[tuple[Type, bool]], *, weighted: bool) -> Type:
    if form.gives is ResultKind.LIKE_WEIGHT:
        return Type.REAL if weighted else Type.INTEGER
    if form.gives is ResultKind.LIKE_ARGUMENTS:
        result = types[0][0]
        for kind, _ in types[1:]:
            result = joined(result, kind) or Type.WRONG
        return result
    assert isinstance(form.gives, Type)
    return form.gives


def _given_wrong(function: BuiltinFunction) -> Type:
    """Return the type of a call whose arguments are wrong: what it gives where that is plain."""
    gives = {form.gives for form in function.forms}
    only = next(iter(gives))
    return only if len(gives) == 1 and isinstance(only, Type) else Type.WRONG


def _no_form(
    scope: Scope,
    node: tree.Call,
    function: BuiltinFunction,
    arguments: list[tree.Expression | tree.PerBranch],
    types: list[tuple[Type, bool]],
) -> None:
    name = node.function.text
    counts = sorted({len(form.takes) for form in function.forms})
    more = any(form.more for form in function.forms)
    if len(types) not in counts and not (more and len(types) > counts[-1]):
        span = node.span if not arguments else _arguments_span(arguments)
        scope.error(
            "RH302",
            f"`{name}` takes {_number(counts, more=more)}, and here are {len(types) or 'none'}",
            span,
            help=f"write `{function.shown}`: {function.meaning}",
        )
        return
    forms = [form for form in function.forms if len(form.takes) == len(types) or form.more]
    for index, (argument, (kind, over)) in enumerate(zip(arguments, types, strict=True)):
        wanted = {form.takes[min(index, len(form.takes) - 1)] for form in forms}
        if over and (ArgumentKind.OVER not in wanted or not kind.is_number):
            problem = (
                "`e of S` is not allowed here" if ArgumentKind.OVER not in wanted else kind.value
            )
        elif not over and not wanted & _KINDS[kind]:
            problem = kind.value
        else:
            continue
        takes = _either([kind.value for kind in ArgumentKind if kind in wanted])
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
        f"`{name}` does not accept these arguments together",
        _arguments_span(arguments),
        help=f"write `{function.shown}`: {function.meaning}",
    )


def _argument_help(
    name: str, function: BuiltinFunction, wanted: set[ArgumentKind], kind: Type
) -> str:
    if ArgumentKind.OVER in wanted and kind is Type.BRANCHES:
        return f"name a number of each branch: `{name}(.tokens of …)`"
    if ArgumentKind.BRANCHES in wanted and kind is Type.ANSWER:
        return f"count votes in a set: `{function.shown}`"
    return f"write `{function.shown}`: {function.meaning}"


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _number(counts: list[int], *, more: bool) -> str:
    if more:
        return f"{counts[0]} or more arguments"
    words = " or ".join(str(count) for count in counts)
    return f"{words} argument{'' if counts == [1] else 's'}"


def _arguments_span(arguments: list[tree.Expression | tree.PerBranch]) -> Span:
    return arguments[0].span.to(arguments[-1].span)


def _position_allows(scope: Scope, node: tree.Call) -> bool:
    name = node.function.text
    if name == "window" and scope.position is not ExpressionPosition.MEMORY:
        scope.error(
            "RH406",
            "a window is declared in `memory`, or in `each branch` as `window(n) of …`",
            node.span,
            help="write `.recent = window(5) of .logprob`"
            if scope.position is ExpressionPosition.EACH
            else "write `memory { trend = window(5) }` and `push … onto trend`",
        )
        return False
    if name == "rank" and not scope.has_branch:
        scope.error(
            "RH401",
            "`rank` compares a branch with a set, and here it is not clear which branch is meant",
            node.span,
            "which branch?",
            help="use it as a weight, `winner(S, weight = rank(.logprob of S))`, or in `update`",
        )
        return False
    if name in CHANCE and scope.position is not ExpressionPosition.CODE:
        scope.error(
            "RH405",
            f"`{name}` cannot be used in {scope.position.value}",
            node.span,
            "random functions need an episode",
            help="draw in `start` or `step`, and keep the draw in `memory` or in a field",
        )
        return False
    if (
        name == "round"
        and len(node.arguments) == 2
        and scope.position is not ExpressionPosition.SCHEDULE
    ):
        scope.error(
            "RH407",
            "rounding to decimals is available only in schedules",
            node.span,
            help="`round(x)` gives the nearest integer; round to decimals in `schedule`",
        )
        return False
    return True

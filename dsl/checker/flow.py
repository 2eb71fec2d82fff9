"""Check control flow: paths without an answer, and unreachable statements."""

from dsl import tree
from dsl.checker.scope import Scope
from dsl.source import Span
from dsl.traversal import ungroup, walk

_PAID = (tree.Open, tree.Sample, tree.Advance, tree.Probe)


def check_flow(scope: Scope, program: tree.Program) -> None:
    """Every path ends in an answer, and every statement can be reached."""
    ending: tree.Finally | None = None
    ends_early = False
    for section in program.sections:
        match section:
            case tree.Start(body=body):
                # The budget can end in a verb, and then only `finally` can answer.
                acts = any(isinstance(node, _PAID) for node in walk(body))
                ends_early = _always_leaves(scope, body) == "answer" and not acts
            case tree.Step(body=body):
                _always_leaves(scope, body)
            case tree.Finally(body=body):
                ending = section
                if any(diagnostic.code == "RH404" for diagnostic in scope.diagnostics):
                    continue
                if _always_leaves(scope, body) != "answer":
                    _no_answer(scope, body)
                for statement in body.statements:
                    if isinstance(statement, tree.Answer):
                        _may_be_none(scope, statement)
            case _:
                pass
    if ending is None and not ends_early:
        scope.error(
            "RH502",
            "the controller has no `finally`, so an episode can end without an answer",
            program.name.span,
            help="add `finally { answer winner(finished) else winner(alive) }`",
        )


def _always_leaves(scope: Scope, block: tree.Block) -> str | None:
    """How a block is always left: ``"answer"``, ``"stop"``, or ``None`` where it can be passed."""
    for index, statement in enumerate(block.statements):
        leaves = _leaves(scope, statement)
        if leaves is None:
            continue
        rest = block.statements[index + 1 :]
        if rest and not _is_wrong(scope, rest):
            scope.warning(
                "RH504",
                f"unreachable statement: the statement before it always ends in `{leaves}`",
                Span(rest[0].span.start, rest[-1].span.end),
                help="remove it, or put the previous statement under a condition",
            )
        return leaves
    return None


def _is_wrong(scope: Scope, statements: tuple[tree.Statement, ...]) -> bool:
    """Return whether statements have errors, which can make them unreachable."""
    start, end = statements[0].span.start, statements[-1].span.end
    return any(
        start <= diagnostic.mark.span.start < end
        for diagnostic in scope.diagnostics
        if diagnostic.is_error
    )


def _leaves(scope: Scope, statement: tree.Statement) -> str | None:
    match statement:
        case tree.Answer():
            return "answer"
        case tree.Stop():
            return "stop"
        case tree.If(then=then, otherwise=otherwise):
            first = _always_leaves(scope, then)
            if otherwise is None:
                return None
            second = (
                _always_leaves(scope, otherwise)
                if isinstance(otherwise, tree.Block)
                else _leaves(scope, otherwise)
            )
            if first is None or second is None:
                return None
            return first if first == second else "stop"
        case tree.Update(body=body):
            _always_leaves(scope, body)
    return None


def _no_answer(scope: Scope, body: tree.Block) -> None:
    end = body.span.end
    conditional = bool(body.statements) and isinstance(body.statements[-1], tree.If)
    scope.error(
        "RH503",
        "a path through `finally` has no answer",
        Span(end - 1, end),
        "the end is reachable",
        help="add an `else` that answers to the last `if`, or answer after it"
        if conditional
        else "end with `answer winner(finished) else winner(alive)`",
    )


def _may_be_none(scope: Scope, node: tree.Answer) -> None:
    """Warn of an unconditional last answer that can be `none`, with nothing to cover it."""
    last = ungroup(node.choices[-1])
    if isinstance(last, tree.NoneLiteral):
        if len(node.choices) > 1:
            return  # the program writes it out: `… else none`
        scope.warning(
            "RH506",
            "`answer none` counts as wrong",
            last.span,
            help="give the most common answer: `winner(alive)`",
        )
    if not isinstance(last, tree.Call) or last.function.text not in {"winner", "runner_up"}:
        return
    voters = last.arguments[0] if last.arguments else None
    if last.function.text == "winner" and isinstance(voters, tree.Name):
        if voters.text not in {"finished", "active", "pruned"}:
            # `opened` and `alive` are as good as it gets; for a `let` it is not known here.
            return
        where = f"if no branch is {voters.text}"
    else:
        where = "if no branch votes"
    scope.warning(
        "RH506",
        f"this answer is `none`, which counts as wrong, {where}",
        last.span,
        help="add a fallback: `… else winner(alive)`",
    )

"""The first barrier: the code that a controller may contain.

The rules are those of RestrictedPython, made narrower where a controller needs less. It defines no
classes, so that every type it can meet is known and `sandbox.python.guards` can list what may be
reached on each. It has no ``finally``, no bare ``except`` and no ``with``, and ``except`` lists
names, so that nothing keeps running when it is to end. Loops and functions count their turns.

The policy reports problems early and clearly; it is no security boundary. That is the container.

For profiles, `sandbox.python.line_counting` adds a call before the first statement of each line.
"""

import ast
import builtins
import warnings
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

from RestrictedPython.transformer import IOPERATOR_TO_STR, RestrictingNodeTransformer

from dsl.python_source import parse_python
from sandbox.python.branches import Branch
from sandbox.python.guards import ATTRIBUTES, BUILTINS, INLINED, MODULE_FACADES, OWN
from sandbox.python.inline_checks import inline_checks
from sandbox.python.inline_items import inline_items
from sandbox.python.inline_lambdas import inline_lambdas
from sandbox.python.inline_turns import inline_turns
from sandbox.python.line_counting import count_lines
from sandbox.python.names import undefined
from sandbox.python.syntax import refusal

FILE = "<controller>"
"""The file name in a controller's code objects; locations are matched by it."""

MOST_CODE = 100_000
"""Characters of a controller."""

KNOWN = frozenset({*BUILTINS, "chance", "draw_beta", "__name__"})
"""The names that a controller finds."""

MODULES = ("collections", "math", "statistics")
"""Modules that may be imported; `sandbox.python.guards` lists the names of each."""


class PolicyFinding(NamedTuple):
    """Code that the policy forbids, with its position."""

    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    reason: str


class PolicyViolation(Exception):
    """The policy forbids a controller."""

    def __init__(self, findings: list[PolicyFinding]):
        first = findings[0]
        super().__init__(f"{first.line}:{first.column}: {first.reason}")
        self.findings = findings


def examine(text: str) -> list[PolicyFinding]:
    """Everything that the policy finds in a controller, in the order of the text."""
    return list(_examine(text))


@lru_cache(maxsize=16)
def _examine(text: str) -> tuple[PolicyFinding, ...]:
    # A sweep plays one controller many times, and examines it each time.
    try:
        compile_controller(text)
    except PolicyViolation as refusal:
        return tuple(refusal.findings)
    return ()


def compile_controller(text: str, *, counting: bool = False) -> CodeType:
    """Return a controller's code, guarded.

    Args:
        text: the controller.
        counting: whether it calls ``_ran_`` with each line that it reaches.

    Raises:
        PolicyViolation: with everything that is not admitted.
    """
    tree = _admitted(text)
    try:
        _inline_guards(tree)
        if counting:
            count_lines(tree)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is no more than advice
            # The one place where code is made of a text; the policy has passed it.
            return builtins.compile(tree, FILE, "exec", dont_inherit=True)
    except SyntaxError as problem:
        raise PolicyViolation([_syntax(problem, text)]) from None
    except (RecursionError, MemoryError):
        raise PolicyViolation([PolicyFinding(1, 1, _TOO_DEEP)]) from None
    except (OverflowError, ValueError) as problem:
        raise PolicyViolation(
            [PolicyFinding(1, 1, f"the code cannot be compiled: {problem}")]
        ) from None


_TOO_DEEP = "the code is nested too deeply"


def _inline_guards(tree: ast.Module) -> None:
    """Write guards into the code where they can be decided faster than by a call."""
    inline_turns(tree)
    inline_lambdas(tree, ATTRIBUTES[Branch])
    inline_items(tree, ATTRIBUTES[dict])
    inline_checks(tree, INLINED, OWN)


def _admitted(text: str) -> ast.Module:
    if len(text) > MOST_CODE:
        reason = f"the code has {len(text)} characters; the limit is {MOST_CODE}"
        raise PolicyViolation([PolicyFinding(1, 1, reason)])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parse_python(text, FILE)
            rules = _PolicyTransformer(text)
            rules.visit(tree)  # changes the tree in place
            if not rules.findings:
                _compile_plain(text)
                rules.find_undefined(text)
    except SyntaxError as problem:
        raise PolicyViolation([_syntax(problem, text)]) from None
    except (RecursionError, MemoryError):
        raise PolicyViolation([PolicyFinding(1, 1, _TOO_DEEP)]) from None
    except ValueError as problem:
        raise PolicyViolation([PolicyFinding(1, 1, str(problem))]) from None
    findings = sorted(set(rules.findings + _shape(tree)))
    if findings:
        raise PolicyViolation(findings)
    return ast.fix_missing_locations(tree)


def _compile_plain(text: str) -> None:
    """Make sure that the text itself compiles, so that locations are those of the text.

    Raises:
        SyntaxError: it does not, for a reason that a tree does not show.
    """
    builtins.compile(text, FILE, "exec", dont_inherit=True)


def _syntax(problem: SyntaxError, text: str) -> PolicyFinding:
    return PolicyFinding(problem.lineno or 1, max(1, problem.offset or 1), f"syntax: {problem.msg}")


def _shape(tree: ast.Module) -> list[PolicyFinding]:
    """Whether there is the one function that is played."""
    functions = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == "controller"
    ]
    if not functions:
        return [PolicyFinding(1, 1, "there is no function `controller(episode, beta)`")]
    arguments = functions[-1].args
    plain = not (arguments.vararg or arguments.kwarg or arguments.kwonlyargs)
    if not plain or len(arguments.posonlyargs) + len(arguments.args) != 2:
        line, column = functions[-1].lineno, functions[-1].col_offset + 1
        return [
            PolicyFinding(line, column, "`controller` takes two arguments, `episode` and `beta`")
        ]
    reason = "`controller` returns its answer, and cannot `yield`"
    return [
        PolicyFinding(node.lineno, node.col_offset + 1, reason)
        for node in _own_nodes(functions[-1])
        if isinstance(node, ast.Yield | ast.YieldFrom)
    ]


class _PolicyTransformer(RestrictingNodeTransformer):
    """RestrictedPython's rules with our own, and findings that have a column."""

    def __init__(self, text: str):
        super().__init__()
        self.findings: list[PolicyFinding] = []
        self._lines = text.splitlines()
        self._depth = 0
        self._imported: dict[str, str] = {}

    def error(self, node: ast.AST, info: str) -> None:
        """Store a finding, where the base class keeps a sentence."""
        line = getattr(node, "lineno", 1)
        before = getattr(node, "col_offset", 0)
        text = self._lines[line - 1] if 0 < line <= len(self._lines) else ""
        column = len(text.encode()[:before].decode(errors="ignore")) + 1
        self.findings.append(PolicyFinding(line, column, info.rstrip(".")))

    def warn(self, node: ast.AST, info: str) -> None:
        """Warnings of the base class are about printing, which has a finding of its own."""

    def not_allowed(self, node: ast.AST) -> None:
        """Refuses a kind of statement."""
        self.error(node, refusal(node))

    def find_undefined(self, text: str) -> None:
        """Store a finding for each name that is defined nowhere."""
        for node, near in undefined(text, parse_python(text, FILE), KNOWN):
            self.error(node, f"`{node.id}` is not defined here{near}")

    # Narrower than the base class.

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:  # noqa: ANN401, N802
        """No types that the guards do not know."""
        self.error(node, "a class is not allowed; keep state in a dict, by the branch's index")

    def visit_With(self, node: ast.With) -> Any:  # noqa: ANN401, N802
        """There is nothing to enter."""
        self.error(node, "`with` is not allowed; there is nothing to open or close")

    def visit_Try(self, node: ast.Try) -> Any:  # noqa: ANN401, N802
        """Handlers that name what they catch, and nothing that runs at the end.

        A suspended generator that is collected evaluates what its handlers catch. It may outlive
        its episode, and would act in another one of the same worker.
        """
        if node.finalbody:
            self.error(node, "`finally` is not allowed; there is nothing to open or close")
        for handler in node.handlers:
            if handler.type is None:
                self.error(handler, "`except` names what it catches, such as `except Exhausted`")
            elif not _lists_names(handler.type):
                reason = "`except` lists exceptions by their names and nothing else"
                self.error(handler.type, f"{reason}, such as `except (KeyError, ValueError)`")
        return self.node_contents_visit(node)

    def visit_Name(self, node: ast.Name) -> Any:  # noqa: ANN401, N802
        """Refuse printing: the base class collects it, and nothing would read it."""
        if node.id in {"print", "printed"}:
            self.error(node, "a controller cannot print; give a verb its reason with `because`")
            return node
        return super().visit_Name(node)

    def visit_Attribute(self, node: ast.Attribute) -> Any:  # noqa: ANN401, N802
        """Attributes are read."""
        if not isinstance(node.ctx, ast.Load):
            self.error(node, "an attribute cannot be set; keep state in a dict")
        if isinstance(node.value, ast.Name) and node.value.id in self._imported:
            self._admit_member(node, self._imported[node.value.id], node.attr)
        return super().visit_Attribute(node)

    def visit_Import(self, node: ast.Import) -> Any:  # noqa: ANN401, N802
        """Three modules, by their plain names."""
        for alias in node.names:
            self._admit_module(node, alias.name)
            self._imported[alias.asname or alias.name] = alias.name
        return super().visit_Import(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:  # noqa: ANN401, N802
        """Return the same."""
        name = "." * node.level + (node.module or "")
        self._admit_module(node, name)
        for alias in node.names:
            self._admit_member(node, name, alias.name)
        return super().visit_ImportFrom(node)

    def _admit_module(self, node: ast.AST, name: str) -> None:
        if name not in MODULES:
            self.error(node, f"import of {name!r} is not allowed; {', '.join(MODULES)} are")

    def _admit_member(self, node: ast.AST, module: str, name: str) -> None:
        if module in MODULE_FACADES and name not in dir(MODULE_FACADES[module]) and name != "*":
            self.error(node, f"`{module}` has no `{name}` here")

    # Wider than the base class, where nothing depends on it.

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:  # noqa: ANN401, N802
        """Drop the annotation: it would be evaluated at run time."""
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        plain = ast.Assign(targets=[node.target], value=node.value)
        return self.visit_Assign(ast.copy_location(plain, node))

    def visit_Nonlocal(self, node: ast.Nonlocal) -> Any:  # noqa: ANN401, N802
        """Closures are how a controller without classes keeps what it counts."""
        for name in node.names:
            self.check_name(node, name)
        return node

    def visit_Global(self, node: ast.Global) -> Any:  # noqa: ANN401, N802
        """Globals last for one episode."""
        for name in node.names:
            self.check_name(node, name)
        return node

    # Counted turns, and operators that could take all memory in one go.

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:  # noqa: ANN401, N802
        """Count a call as a turn."""
        node.returns = None
        arguments = node.args
        plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for argument in filter(None, [*plain, arguments.vararg, arguments.kwarg]):
            argument.annotation = None
        self._depth += 1
        visited = _counted(super().visit_FunctionDef(node))
        self._depth -= 1
        if self._depth == 0 and node.name == "controller":
            _check_answers(visited)
        return visited

    def visit_While(self, node: ast.While) -> Any:  # noqa: ANN401, N802
        """Count a round as a turn."""
        return _counted(super().visit_While(node))

    def visit_For(self, node: ast.For) -> Any:  # noqa: ANN401, N802
        """Count a round as a turn."""
        return _counted(super().visit_For(node))

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:  # noqa: ANN401, N802
        """``d[k] += x`` as one call that evaluates ``d`` and ``k`` once."""
        target, sign = node.target, IOPERATOR_TO_STR.get(type(node.op))
        if isinstance(node.op, ast.MatMult):
            self.error(node, "`@=` is not allowed; there are no matrices")
            return node
        if isinstance(target, ast.Attribute):
            self.error(node, "an attribute cannot be set; keep state in a dict")
            return node
        if not isinstance(target, ast.Subscript):
            return super().visit_AugAssign(node)
        if isinstance(target.slice, ast.Slice):
            self.error(node, f"a slice cannot be changed by `{sign}`; assign to it by `=`")
            return node
        parts = [target.value, target.slice, ast.Constant(sign), node.value]
        call = ast.Call(ast.Name("_augment_", ast.Load()), [self.visit(part) for part in parts], [])
        return ast.fix_missing_locations(ast.copy_location(ast.Expr(call), node))

    def visit_FormattedValue(self, node: ast.FormattedValue) -> Any:  # noqa: ANN401, N802
        """Return what is shown of a value is the same in every run."""
        node = self.node_contents_visit(node)
        name = {-1: "_value_", ord("s"): "_str_"}.get(node.conversion, "_repr_")
        call = ast.Call(ast.Name(name, ast.Load()), [node.value], [])
        node.value = ast.fix_missing_locations(ast.copy_location(call, node.value))
        node.conversion = -1
        return node

    def visit_BinOp(self, node: ast.BinOp) -> Any:  # noqa: ANN401, N802
        """Powers and shifts are bounded: a short text could have any number of digits.

        A remainder may write a text, in which no address of the machine is shown.
        """
        if isinstance(node.op, ast.MatMult):
            self.error(node, refusal(node.op))
            return node
        name = _BOUNDED.get(type(node.op))
        visited = self.node_contents_visit(node)
        if name is None:
            return visited
        call = ast.Call(ast.Name(name, ast.Load()), [visited.left, visited.right], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))


def _lists_names(caught: ast.expr) -> bool:
    """Whether a handler catches a name, or a tuple of names: to evaluate these runs no code."""
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return all(isinstance(name, ast.Name) for name in names)


def _check_answers(function: ast.AST) -> None:
    """Has the answers of a controller checked where it returns them: so a failure has its line."""
    for node in _own_nodes(function):
        if isinstance(node, ast.Return) and node.value is not None:
            call = ast.Call(ast.Name("_answer_", ast.Load()), [node.value], [])
            node.value = ast.fix_missing_locations(ast.copy_location(call, node))


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """Yield what a function holds, without the functions in it."""
    pending = list(ast.iter_child_nodes(function))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.GeneratorExp):
            pending.extend(ast.iter_child_nodes(node))


_BOUNDED = {ast.Pow: "_power_", ast.LShift: "_shift_", ast.Mod: "_remainder_"}


def _counted(node: object) -> ast.AST:
    """Return a loop or function whose body begins with a turn."""
    assert isinstance(node, ast.FunctionDef | ast.While | ast.For)
    turn = ast.Expr(ast.Call(ast.Name("_turn_", ast.Load()), [], []))
    node.body.insert(0, ast.fix_missing_locations(ast.copy_location(turn, node)))
    return node

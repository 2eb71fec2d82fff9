"""Names that a controller reads and that nothing defines, found before it runs."""

import ast
import builtins
import difflib
import symtable
from collections.abc import Collection, Iterator, Mapping


def undefined(
    text: str, tree: ast.Module, known: Collection[str]
) -> Iterator[tuple[ast.Name, str]]:
    """Yield the first use of each name that is not defined anywhere, with similar names.

    Args:
        text: the controller, which compiles.
        tree: of the text, as it was written.
        known: the names that a controller finds without having made them.
    """
    top = symtable.symtable(text, "<controller>", "exec")
    defined = {
        symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or _binds(symbol)
    }
    for table in _tables(top):
        defined |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_declared_global() and symbol.is_assigned()
        }
    wanted = {
        symbol.get_name()
        for table in _tables(top)
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (symbol.is_global() or table is top)
    }
    missing = wanted - defined - {*known}
    first_uses = _first_uses(tree, missing)
    for name in sorted(missing & first_uses.keys()):
        near = difflib.get_close_matches(name, [*known, *defined], 1, 0.75)
        if _is_exception(name):
            exceptions = ", ".join(sorted(name for name in known if _is_exception(name)))
            yield first_uses[name], f"; the exceptions here are Exhausted, {exceptions}"
        else:
            yield first_uses[name], f"; did you mean {near[0]}?" if near else ""


def _is_exception(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)


def _binds(symbol: symtable.Symbol) -> bool:
    return symbol.is_imported() or symbol.is_namespace()


def _tables(top: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield top
    for child in top.get_children():
        yield from _tables(child)


def _first_uses(tree: ast.Module, names: Collection[str]) -> Mapping[str, ast.Name]:
    """Where each name is read first."""
    uses: dict[str, ast.Name] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load):
            before = uses.get(node.id)
            position = (node.lineno, node.col_offset)
            if before is None or position < (before.lineno, before.col_offset):
                uses[node.id] = node
    return uses

"""Turns of ``for`` loops counted by the iterator of the loop, which saves a call in each round."""

import ast


def inline_turns(tree: ast.Module) -> None:
    """Let loops take their turns from `sandbox.python.guards.make_turns`.

    ``for x in y`` becomes ``for x in _compress_(y, _turns_)``: each round takes an item of ``y``
    and then a turn, as the call of ``_turn_`` at the start of the body did.

    Args:
        tree: The tree of a controller after the policy has transformed it; changed in place.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.For) and _is_turn(node.body[0]):
            del node.body[0]
            names = [ast.Name(name, ast.Load()) for name in ("_compress_", "_turns_")]
            call = ast.Call(names[0], [node.iter, names[1]], [])
            # An end of the turns is reported at the loop.
            node.iter = ast.fix_missing_locations(ast.copy_location(call, node))


def _is_turn(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Name(id="_turn_"))):
            return True
    return False

"""The interpreter: what a Rheo program means, one verb at a time."""

from dsl.interpreter.controller import Interpreter

__all__ = ["Interpreter"]

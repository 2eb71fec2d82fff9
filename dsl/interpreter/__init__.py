"""The interpreter, which defines the semantics of Rheo programs, one verb at a time."""

from dsl.interpreter.controller import Interpreter

__all__ = ["Interpreter"]

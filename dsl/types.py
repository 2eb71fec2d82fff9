"""The types of Rheo."""

from enum import Enum


class Type(Enum):
    """What a value is; the text is how messages speak of it."""

    INTEGER = "an integer"
    REAL = "a real number"
    TRUTH = "true or false"
    ANSWER = "an answer"
    BRANCHES = "a set of branches"
    WINDOW = "a window"
    WRONG = "an invalid value"
    """The type of an invalid expression; it fits everywhere, so that errors are not repeated."""

    @property
    def is_number(self) -> bool:
        """Whether arithmetic applies."""
        return self in {Type.INTEGER, Type.REAL, Type.WRONG}


def joined(left: Type, right: Type) -> Type | None:
    """Return the type that both fit into, or ``None``: an integer fits where a real does."""
    if left is Type.WRONG or right is Type.WRONG:
        return right if left is Type.WRONG else left
    if left is right:
        return left
    if {left, right} == {Type.INTEGER, Type.REAL}:
        return Type.REAL
    return None


def fits(value: Type, wanted: Type) -> bool:
    """Return whether a value of one type can go where the other is declared."""
    return (
        value is wanted
        or Type.WRONG in (value, wanted)
        or (value is Type.INTEGER and wanted is Type.REAL)
    )

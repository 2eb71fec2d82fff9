"""Numbers as they are written on a command line: ``0.5``, ``1,4,16``, ``0:1:0.1``, or a mixture.

A range holds both of its ends; one whose steps miss the second is refused. Its values are made in
decimal, so that they are the numbers that a person would write: the fourth of ``0:1:0.1`` is
``0.3``.
"""

from decimal import Decimal, InvalidOperation

from harness.errors import InputError

MAX_VALUES = 10_000
"""The most values that one option may stand for."""


def parse_numbers(text: str, where: str) -> list[int | float]:
    """The numbers that a text stands for, in its order; whole ones are integers.

    A number that is written with a point or an exponent is a float, and so is every value of a
    range with such a number in it.

    Args:
        text: what was typed.
        where: the option with its value, as it was typed, for the error.

    Raises:
        InputError: it is no list of numbers, holds one twice or too many, or a range's steps do
            not meet its end.
    """
    found: list[int | float] = []
    for part in text.split(","):
        found.extend(_part(part, where))
        if len(found) > MAX_VALUES:
            raise InputError(f"{where}: stands for more than {MAX_VALUES:,} values")
    twice = next((value for at, value in enumerate(found) if value in found[:at]), None)
    if twice is not None:
        raise InputError(f"{where}: holds {twice} twice; give each value once")
    return found


def parse_betas(text: str) -> list[float]:
    """The values of ``--beta``.

    Raises:
        InputError: it is no list of numbers, or one lies outside of 0 to 1.
    """
    found = [float(value) for value in parse_numbers(text, f"--beta {text}")]
    outside = next((value for value in found if not 0 <= value <= 1), None)
    if outside is not None:
        raise InputError(f"--beta {text}: beta goes from 0 to 1, and {outside!r} lies outside")
    return [value + 0.0 for value in found]  # -0.0 is the same β as 0.0


def _part(part: str, where: str) -> list[int | float]:
    pieces = part.split(":")
    values = [_decimal(piece, where) for piece in pieces]
    whole = all(_is_whole(piece) for piece in pieces)
    if len(values) == 1:
        return [_plain(values[0], whole=whole)]
    if len(values) > 3:
        raise InputError(f"{where}: {part} is no range; write first:last:step")
    first, last = values[:2]
    step = values[2] if len(values) == 3 else Decimal(1)
    if step <= 0 or last < first:
        raise InputError(
            f"{where}: the range {part} does not go upward; write first:last:step with a"
            " step above 0"
        )
    steps = (last - first) / step
    if steps > MAX_VALUES:
        raise InputError(f"{where}: stands for more than {MAX_VALUES:,} values")
    if steps != int(steps):
        near = " or ".join(f"{each:f}" for each in _meeting(last - first, step, whole=whole))
        raise InputError(
            f"{where}: the steps of {part} do not meet its end, {pieces[1].strip()}; take a step"
            f" of {near}"
        )
    return [_plain(first + index * step, whole=whole) for index in range(int(steps) + 1)]


def _meeting(span: Decimal, step: Decimal, *, whole: bool) -> list[Decimal]:
    """The nearest steps, below and above one, that part a span evenly and are short to write."""
    below = int(span / step)
    down = next(
        count for count in range(below, MAX_VALUES) if _is_short(span / (count + 1), whole=whole)
    )
    up = next((n for n in range(below, 0, -1) if _is_short(span / n, whole=whole)), None)
    return [span / (down + 1), *([] if up is None else [span / up])]


def _is_short(step: Decimal, *, whole: bool) -> bool:
    return step == step.quantize(Decimal(1) if whole else Decimal("1e-6"))


def _decimal(piece: str, where: str) -> Decimal:
    try:
        value = Decimal(piece.strip())
    except InvalidOperation:
        value = Decimal("NaN")
    # What a double cannot hold would be another number once it is used.
    if not value.is_finite() or abs(value) > Decimal("1e300"):
        raise InputError(
            f"{where}: {piece.strip() or 'nothing'} is not a number; write a number, a"
            " list such as 1,4,16 or a range such as 0:1:0.1"
        )
    return value


def _is_whole(piece: str) -> bool:
    return piece.strip().lstrip("+-").isdecimal()


def _plain(value: Decimal, *, whole: bool) -> int | float:
    return int(value) if whole else float(value)

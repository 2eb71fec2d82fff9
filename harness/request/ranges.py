"""Parse numbers from texts: ``0.5``, ``1,4,16``, ``0:1:0.1``, or a mixture; and values of β.

A range includes both ends; a range whose steps miss the second end is refused. Values are computed
in decimal, so that the fourth of ``0:1:0.1`` is exactly the double ``0.3``.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from numbers import Real
from typing import TypeAlias

from harness.errors import InputError
from harness.request.option_names import name_option

MAX_VALUES = 10_000
"""The most values that one option may expand to."""


def parse_numbers(text: str, where: str) -> list[int | float]:
    """Return the numbers of a text in order; whole numbers are integers.

    A number with a decimal point or an exponent is a float, and so is every value of a range that
    contains such a number.

    Args:
        text: The text as typed.
        where: The option with its value, as typed, for the error.

    Raises:
        InputError: The text is not a list of numbers, repeats a number, has too many, or a range's
            steps do not meet its end.
    """
    numbers: list[int | float] = []
    for part in text.split(","):
        numbers.extend(_part(part, where))
        if len(numbers) > MAX_VALUES:
            raise InputError(f"{where}: expands to more than {MAX_VALUES:,} values")
    twice = next((value for index, value in enumerate(numbers) if value in numbers[:index]), None)
    if twice is not None:
        raise InputError(f"{where}: holds {twice} twice; give each value once")
    return numbers


Betas: TypeAlias = str | float | Iterable[float]
"""Values of β: one, several, or a range such as ``"0:1:0.1"``, whose steps are decimal."""


def parse_betas(text: str) -> list[float]:
    """Parse values of β.

    Raises:
        InputError: The text is not a list of numbers, or one is outside 0 to 1.
    """
    where = name_option("beta", text)
    return _check_betas([float(value) for value in parse_numbers(text, where)], where)


def list_betas(beta: Betas) -> list[float]:
    """Return values of β from a text, a number or several numbers.

    Raises:
        InputError: There is none, one is not a number from 0 to 1, or one occurs twice.
    """
    if isinstance(beta, str):
        return parse_betas(beta)
    where = name_option("beta")
    given = list(beta) if isinstance(beta, Iterable) else [beta]
    if not given:
        raise InputError(f"{where}: give at least one value")
    if not all(map(_is_number, given)):
        raise InputError(
            f"{where}: must be a number, several, or a range such as '0:1:0.1'; got {beta!r}"
        )
    values = [float(value) for value in given]
    twice = next((value for index, value in enumerate(values) if value in values[:index]), None)
    if twice is not None:
        raise InputError(f"{where}: contains {twice!r} twice; give each value once")
    return _check_betas(values, where)


def single_beta(beta: Betas) -> float:
    """Return the only value of β, for work at a single setting.

    Raises:
        InputError: It is not a number from 0 to 1, or there are several.
    """
    values = list_betas(beta)
    if len(values) > 1:
        raise InputError(f"{name_option('beta', beta)}: give one value here")
    return values[0]


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _check_betas(betas: Sequence[float], where: str) -> list[float]:
    """Return values of β that are all from 0 to 1."""
    outside = next((value for value in betas if not 0 <= value <= 1), None)
    if outside is not None:
        raise InputError(f"{where}: must be from 0 to 1; got {outside!r}")
    return [value + 0.0 for value in betas]  # -0.0 is the same β as 0.0


def _part(part: str, where: str) -> list[int | float]:
    pieces = part.split(":")
    values = [_decimal(piece, where) for piece in pieces]
    integral = all(_is_integral(piece) for piece in pieces)
    if len(values) == 1:
        return [_plain(values[0], integral=integral)]
    if len(values) > 3:
        raise InputError(f"{where}: {part} is not a range; write first:last:step")
    first, last = values[:2]
    step = values[2] if len(values) == 3 else Decimal(1)
    if step <= 0 or last < first:
        raise InputError(
            f"{where}: the range {part} does not increase; write first:last:step with a step"
            " above 0"
        )
    steps = (last - first) / step
    if steps > MAX_VALUES:
        raise InputError(f"{where}: expands to more than {MAX_VALUES:,} values")
    if steps != int(steps):
        near = " or ".join(
            f"{value:f}" for value in _meeting(last - first, step, integral=integral)
        )
        raise InputError(
            f"{where}: the steps of {part} do not reach its end, {pieces[1].strip()}; use a step"
            f" of {near}"
        )
    return [_plain(first + index * step, integral=integral) for index in range(int(steps) + 1)]


def _meeting(span: Decimal, step: Decimal, *, integral: bool) -> list[Decimal]:
    """Return the nearest short steps, below and above ``step``, that divide a span evenly."""
    below = int(span / step)
    down = next(
        count
        for count in range(below, MAX_VALUES)
        if _is_short(span / (count + 1), integral=integral)
    )
    up = next((n for n in range(below, 0, -1) if _is_short(span / n, integral=integral)), None)
    return [span / (down + 1), *([] if up is None else [span / up])]


def _is_short(step: Decimal, *, integral: bool) -> bool:
    return step == step.quantize(Decimal(1) if integral else Decimal("1e-6"))


def _decimal(piece: str, where: str) -> Decimal:
    try:
        value = Decimal(piece.strip())
    except InvalidOperation:
        value = Decimal("NaN")
    # Refuse numbers that a double cannot hold: a different number would be used.
    if not value.is_finite() or abs(value) > Decimal("1e300"):
        raise InputError(
            f"{where}: {piece.strip() or 'nothing'} is not a number; write a number, a"
            " list such as 1,4,16 or a range such as 0:1:0.1"
        )
    return value


def _is_integral(piece: str) -> bool:
    return piece.strip().lstrip("+-").isdecimal()


def _plain(value: Decimal, *, integral: bool) -> int | float:
    return int(value) if integral else float(value)

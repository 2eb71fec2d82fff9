"""Units of measurement in answers, and their usual spellings."""

import re
from collections.abc import Sequence

_SPELLINGS = """
$: dollar dollars usd buck bucks \\$
€: euro euros eur
£: pound-sterling gbp
¥: yen
₹: rupee rs Rs
cent: cents ¢
%: percent percents pct
mm: millimeter millimetre
cm: centimeter centimetre
m: meter metre
km: kilometer kilometre
in: inch inches
ft: foot feet
yd: yard
mi: mile
mg: milligram
g: gram gramme
kg: kilogram kilo
lb: pound lbs
oz: ounce
ml: milliliter millilitre mL
L: liter litre l
s: second sec
min: minute mins
h: hour hr
day:
week:
month:
year: yr
mph: miles-per-hour
kph: kmh kilometers-per-hour
N: newton
J: joule
W: watt
V: volt
A: ampere amp
K: kelvin
°C: celsius degree-celsius degrees-celsius °c
°F: fahrenheit degree-fahrenheit degrees-fahrenheit °f
ohm: Omega Ω
"""

_ALIASES: dict[str, str] = {}
for _line in _SPELLINGS.split("\n"):
    if ":" in _line:
        _name, _, _others = _line.partition(":")
        for _spelling in [_name, *_others.split()]:
            for _form in (_spelling, _spelling + "s"):
                _ALIASES.setdefault(_form.replace("-", " "), _name)

_NOTHING = frozenset(
    ["", "unit", "units", "degree", "degrees", "deg", "radian", "radians", "rad", "st", "nd", "rd",
     "th", "个", "個"]
)  # fmt: skip
"""Words after a number that change nothing about it."""

_DIMENSIONS = (
    frozenset(["mm", "cm", "m", "km", "in", "ft", "yd", "mi"]),
    frozenset(["mg", "g", "kg", "lb", "oz"]),
    frozenset(["ml", "L"]),
    frozenset(["s", "min", "h", "day", "week", "month", "year"]),
    frozenset(["$", "€", "£", "¥", "₹", "cent"]),
    frozenset(["mph", "kph", "m/s"]),
    frozenset(["°C", "°F", "K"]),
    frozenset(["am", "pm"]),
)

_SUBUNITS = {
    "week": ("day", 7), "day": ("h", 24), "h": ("min", 60), "min": ("s", 60), "year": ("month", 12),
    "yd": ("ft", 3), "ft": ("in", 12), "lb": ("oz", 16), "$": ("cent", 100), "€": ("cent", 100),
    "km": ("m", 1000), "m": ("cm", 100), "cm": ("mm", 10), "kg": ("g", 1000), "L": ("ml", 1000),
}  # fmt: skip

_POWERS = {"square": 2, "sq": 2, "squared": 2, "cubic": 3, "cu": 3, "cubed": 3}


def subunits(unit: str, smaller: str) -> int | None:
    """How many of a smaller unit make a unit; ``None`` where that is not known."""
    factor = 1
    while unit != smaller:
        if unit not in _SUBUNITS:
            return None
        unit, count = _SUBUNITS[unit]
        factor *= count
    return factor


def is_unit(word: str) -> bool:
    """Return whether a word is known as a unit."""
    return _alias(word) is not None


def normalize_unit(words: Sequence[str]) -> str:
    """Give the words after a number one spelling: ``square inches`` is ``in^2``.

    Args:
        words: the words and signs, in their order.
    """
    text = re.sub(r"\s*([\^/])\s*", r"\1", " ".join(" ".join(words).split())).strip(" .")
    text = re.sub(r"\^\s*\{\s*(-?\s*\d+)\s*\}", lambda power: "^" + power[1].replace(" ", ""), text)
    text = re.sub(r"^\((.*)\)$", r"\1", text.replace("cdot", " "))
    text = re.sub(r"\bper\b", "/", text)
    parts = [part for part in re.split(r"(/)|\s+|(?<=\w)\.", text.replace("/", " / ")) if part]
    powers = [_POWERS[part.lower()] for part in parts if part.lower() in _POWERS]
    named = [part for part in parts if part.lower() not in _POWERS and part.lower() != "of"]
    name = " ".join(named)
    unit = _alias(name) or " ".join(_with_power(part) for part in named)
    unit = re.sub(r" ?/ ?", "/", unit)
    unit = re.sub(r" ([^ /^]+)\^-(\d+)", lambda power: f"/{power[1]}" + _exponent(power[2]), unit)
    unit = {"mi/h": "mph", "km/h": "kph"}.get(unit, unit)
    if unit.lower() in _NOTHING:
        return ""
    return f"{unit}^{powers[0]}" if powers and "^" not in unit else unit


def conflict(units: Sequence[str]) -> bool:
    """Whether two of the units distinguish values: ``cm`` and ``m``, or ``apple`` and ``pear``.

    Units of two known dimensions cannot both be right for a question, so they distinguish nothing.
    """
    kinds: dict[int, set[str]] = {}
    for unit in units:
        if unit:
            known = (number for number, group in enumerate(_DIMENSIONS) if unit in group)
            kinds.setdefault(next(known, -1), set()).add(unit)
    unknown = kinds.pop(-1, set())
    if unknown - {"%"} and kinds:
        return True
    return len(unknown) > 1 or any(len(members) > 1 for members in kinds.values())


def _with_power(part: str) -> str:
    base, sign, power = part.partition("^")
    if not base or base == "/":
        return part
    known = _alias(base)
    if known is None:
        known = base.casefold()
        if len(known) > 3 and known.endswith("s") and not known.endswith("ss"):
            known = known[:-1]
    return f"{known}{sign}{power.strip('{}')}"


def _exponent(power: str) -> str:
    return "" if power == "1" else f"^{power}"


def _alias(word: str) -> str | None:
    return _ALIASES.get(word) or _ALIASES.get(word.casefold())

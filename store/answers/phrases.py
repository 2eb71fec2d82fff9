"""Read whole answers that are not built of mathematics: words, times, formulas, options."""

import re
from collections.abc import Callable

from store.answers.intervals import REALS
from store.answers.quantities import Structure

_NONE_WORDS = frozenset(
    ["no solution", "no solutions", "empty set", "there is no solution",
     "there are no solutions", "has no solution", "no solution exists", "no real solution",
     "no real solutions", "none exist", "no such number exists", "无解", "無解"]
)  # fmt: skip
_REAL_WORDS = frozenset(["all real numbers", "all reals", "real numbers", "reals", "all real"])
_YES_WORDS = {"对": "是", "否": "不是"}
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_PRODUCT = re.compile(r"[a-df-hj-np-tv-z]{2,3}")
_ENGLISH = re.compile(r"[b-df-hj-np-tv-z]a[b-df-hj-np-tv-z]|all|add|any|day|may|say|way")
_TIME = re.compile(
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?(?::(?P<second>\d\d))?"
    r"(?:\s*\\text\{|\s*)(?P<half>[ap]\s?\.?\s?m\.?)?\}?",
    re.IGNORECASE,
)
_LARGE_NUMBER = re.compile(r"\[\d+-bit number [0-9a-f]{24}\]")
_OPTION = re.compile(
    r"(?:\\text\{\s*\(?(?P<set>[A-J])[).:]?\s*\}\s*|\((?P<round>[A-J])\)\s+|(?P<bare>[A-J])[).:]\s+)"
    r"(?P<rest>(?![-+*/^=,]\s)\S.*)"
)
_ELEMENTS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Ti V Cr Mn Fe Co Ni Cu Zn Br Kr Ag Sn I Xe"
    " Ba Pt Au Hg Pb U"
)
_ELEMENT = "(?:" + "|".join(sorted(_ELEMENTS.split(), key=len, reverse=True)) + ")"
_FORMULA = re.compile(rf"(?:{_ELEMENT}\d*|\((?:{_ELEMENT}\d*)+\)\d+)+")
_HYBRID = re.compile(r"sp\^?([23])(?:d\^?([123])?)?")
_MARKUP = re.compile(r"\\text\{([^{}]*)\}|\\ce\s*\{([^{}]*)\}|_|\{(\d+)\}|\s")


def read_phrase(text: str, read: Callable[[str], Structure]) -> Structure | None:
    """Read an answer that is a phrase as a whole; ``None`` for any other.

    Args:
        text: the normalized answer.
        read: reads what follows the letter of an option.
    """
    if _LARGE_NUMBER.fullmatch(text):
        return Structure("text", (text,))
    if text.isdigit():
        return None
    if _LETTERS.fullmatch(text):
        return _read_word(text)
    if match := _TIME.fullmatch(text):
        return _read_time(match)
    if match := _OPTION.fullmatch(text):
        letter = match["set"] or match["round"] or match["bare"]
        structure = read(match["rest"])
        return structure if structure.label else structure._replace(label=f"option {letter}")
    return _read_formula(text)


def read_words(text: str) -> Structure:
    """Read words, whose case, final punctuation and spacing do not matter."""
    folded = " ".join(text.casefold().split()).strip(" .,;:!?\"'`")
    folded = re.sub(r"\s*=\s*", " = ", folded)
    folded = re.sub(r"\s*([_^])\s*\{?([^{}\s]*)\}?", r"\1\2", folded)
    folded = re.sub(r"^(?:an?|the)\s+(?=\w{3})", "", folded)
    if folded in _NONE_WORDS:
        return Structure("none")
    if folded in _REAL_WORDS:
        return REALS
    return Structure("words", (folded,))


def _read_word(text: str) -> Structure | None:
    """Read a single run of letters as a word, unless it is a product or the name of a segment."""
    lower = text.casefold()
    if text.isascii() and (lower in ("pi", "inf", "infinity", "oo") or len(text) < 2):
        return None
    is_product = _PRODUCT.fullmatch(lower) and not _ENGLISH.fullmatch(lower)
    if is_product and (text == lower or text.isupper()):
        return None
    return read_words(_YES_WORDS.get(text, text))


def _read_time(match: re.Match[str]) -> Structure | None:
    """Read a time of day; with *am* or *pm* in place of a unit."""
    half = (match["half"] or "").replace(".", "").replace(" ", "").lower()
    if not half and not match["minute"]:
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if hour > 24 or minute > 59:
        return None
    if not half and 12 < hour < 24:
        hour, half = hour - 12, "pm"
    second = f":{match['second']}" if match["second"] else ""
    return Structure("time", (f"{hour}:{minute:02}{second}",), unit=half)


def _read_formula(text: str) -> Structure | None:
    """Read a chemical formula: at least two symbols of elements, and a count or a small letter.

    A hybridisation, such as ``sp^3``, is one too.
    """
    if not 2 < len(text) < 60:
        return None
    plain = _MARKUP.sub(lambda match: match[1] or match[2] or match[3] or "", text)
    if _HYBRID.fullmatch(plain):
        return Structure("formula", (plain.replace("^", ""),))
    if not _FORMULA.fullmatch(plain) or len(re.findall("[A-Z]", plain)) < 2:
        return None
    return Structure("formula", (plain,)) if re.search(r"[\da-z]", plain) else None

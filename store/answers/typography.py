r"""Normalise how an answer is typeset: one spelling for signs, spaces, wrappers and commands.

What comes out is plain LaTeX with ASCII signs. Text stays marked, as ``\text{…}``, since a word
and a product of variables are compared differently. Nothing here changes a value.
"""

import re
import unicodedata
from fractions import Fraction

_SIGNS = {
    **dict.fromkeys("−–—‒―﹣⁃", "-"),
    **dict.fromkeys("⁄∕", "/"),
    **dict.fromkeys("·⋅∙•", r"\cdot "),
    **dict.fromkeys("、﹐", ","),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\u2061\u2062", ""),
    **dict.fromkeys("′’ʹ", "'"),
    **dict.fromkeys("〈⟨", r"\langle "),
    **dict.fromkeys("〉⟩", r"\rangle "),
    "×": r"\times ", "✕": r"\times ", "÷": "/", "√": r"\sqrt ", "∛": r"\sqrt[3]", "∞": r"\infty ",
    "≤": r"\le ", "⩽": r"\le ", "≥": r"\ge ", "⩾": r"\ge ", "≠": r"\ne ", "≈": r"\approx ",
    "±": r"\pm ", "∓": r"\mp ", "∪": r"\cup ", "∩": r"\cap ", "∖": r"\setminus ", "∈": r"\in ",
    "∅": r"\emptyset ", "⌀": r"\emptyset ", "∠": r"\angle ", "℃": r"\text{ C}", "ℝ": r"\mathbb{R}",
    "ℤ": r"\mathbb{Z}", "ℚ": r"\mathbb{Q}", "ℕ": r"\mathbb{N}", "ℂ": r"\mathbb{C}", "…": r"\ldots ",
    "⋯": r"\ldots ", "°": r"\degree ", "º": r"\degree ", "˚": r"\degree ", "。": ".",
    "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ", "ı": "i",
}  # fmt: skip

_GREEK = {
    letter: "\\" + unicodedata.name(letter).rsplit(" ", 1)[-1].lower() + " "
    for letter in "αβγδεζηθικμνξπρστυφχψω"
} | {"λ": r"\lambda ", "π": r"\pi ", "ϕ": r"\phi ", "Δ": r"\Delta ", "Ω": r"\Omega "}

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SUBSCRIPT = re.compile("[₀₁₂₃₄₅₆₇₈₉]+")
_VULGAR = re.compile("[¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]")

_TEMPERATURE = re.compile(r"\\degree\s*(?:\\text\{\s*)?([CF])(?![A-Za-z])\s*\}?")
_MINUTES = re.compile(r"(\d+)\s*\\degree\s*(\d{1,2})\s*'(?:\s*(\d{1,2})\s*(?:''|\"))?")
_ORDINAL = re.compile(r"(\d)\s*\^?\s*\{?\s*(?:\\text\s*\{\s*)?(?:st|nd|rd|th)\s*\}?\s*\}?$")
_COMBINATIONS = re.compile(r"(?:\{\s*\})?[_^]\s*\{?(\d+)\}?\s*C\s*_\s*\{?(\d+)\}?")

_ALIGNED = re.compile(
    r"\\begin\s*\{(aligned|align|gathered|gather|split|equation|cases)\*?\}(.*?)\\end\s*\{\1\*?\}",
    re.DOTALL,
)
_MICRO = re.compile(r"(\d)\s*\\mu\s*(?:\\text\{\s*)?([msgFAVHLC])\s*\}?$")
_CURRENCY_WORDS = (
    (re.compile(r"^(?:USD|US\\?\$)\s*(?=\d)"), r"\\$ "),
    (re.compile(r"^Rs\.?\s*(?=\d)"), "₹"),
)
_DELIMITERS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))
_DEEPEST = 20
"""Wrappers within wrappers that are removed."""

_PAIRS = ("__", "`", "*", '"', "'")
_BOLD = re.compile(r"(?<![\w)\]}])\*\*(\S(?:.*?\S)?)\*\*(?![\w(])")
_BOLD_WHOLE = re.compile(r"\s*\*\*(.*)\*\*\s*", re.DOTALL)
_WRAPPER = re.compile(r"\\[A-Za-z]+\s*\{")
_BOLD_GROUP = re.compile(r"\{\s*\*\*")

_TEXT = (
    "text|textbf|textit|textrm|textsf|texttt|textnormal|emph|mathrm|mathsf|mathtt|mbox|hbox"
    "|operatorname\\*?"
)
_TEXT_WRAPPER = re.compile(rf"\\(?:{_TEXT})\s*\{{")
_MATH_WRAPPER = re.compile(
    r"\\(?:mathbf|mathit|mathnormal|boldsymbol|bm|pmb|underline|boxed|fbox|displaystyle|mathstrut"
    r"|uline|phantom|smash|ensuremath)\s*\{"
)
_COLOR = re.compile(r"\\(?:textcolor|colorbox|color)\s*\{[^{}]*\}")
_SWITCH = re.compile(
    r"\\(?:displaystyle|textstyle|scriptstyle|tiny|small|normalsize|large|Large|LARGE|huge|Huge|bf|rm"
    r"|it|left|right|big|Big|bigg|Bigg|bigl|bigr|Bigl|Bigr|biggl|biggr|Biggl|Biggr|limits|nolimits"
    r"|mathstrut|strut|relax|protect)(?![A-Za-z])\.?"
)
_SPACE = re.compile(
    r"(?<!\\)\\(?:[,;:> ]|(?:quad|qquad|enspace|thinspace)(?![A-Za-z])|hspace\s*\{[^{}]*\})|~"
)
_EDGES = re.compile(
    rf"^(?:\s|{_SPACE.pattern}|\\(?:displaystyle|textstyle|scriptstyle)(?![A-Za-z]))+"
    rf"|(?:\s|{_SPACE.pattern})+$"
)
"""Blanks, spacing and styles at the ends of a text."""

_SYNONYMS = {
    **dict.fromkeys(["dfrac", "tfrac", "cfrac", "sfrac", "nicefrac"], r"\frac"),
    **dict.fromkeys(["leq", "leqslant", "leqq"], r"\le"),
    **dict.fromkeys(["geq", "geqslant", "geqq"], r"\ge"),
    **dict.fromkeys(["dots", "cdots", "dotsc", "dotsb", "hdots"], r"\ldots "),
    **dict.fromkeys(["dbinom", "tbinom"], r"\binom"),
    **dict.fromkeys(["ast", "star"], r"\cdot "),
    **dict.fromkeys(["lvert", "rvert", "vert", "mid"], "|"),
    **dict.fromkeys(["thickapprox", "simeq", "cong", "doteq"], r"\approx"),
    **dict.fromkeys(["degrees", "textdegree", "deg"], r"\degree"),
    **dict.fromkeys(["euro", "texteuro"], "€"),
    **dict.fromkeys(["pounds", "textsterling"], "£"),
    **dict.fromkeys(["R", "reals"], r"\mathbb{R}"),
    "neq": r"\ne", "lt": "<", "gt": ">", "varnothing": r"\emptyset", "lbrace": r"\{",
    "rbrace": r"\}", "lbrack": "[", "rbrack": "]", "varepsilon": r"\epsilon", "varphi": r"\phi",
    "vartheta": r"\theta", "prime": "'", "Bbb": r"\mathbb",
}  # fmt: skip
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_NAMED_FUNCTION = (
    "cis|lcm|gcd|sgn|arcsin|arccos|arctan|arccot|arcsec|arccsc|sin|cos|tan|cot|sec|csc|log|ln|max"
    "|min|det|arg|Re|Im"
)
_COMMAND_PATTERNS = [
    (re.compile(pattern), to)
    for pattern, to in {
        r"\^\s*(?:\\circ(?![A-Za-z])|\{\s*\\circ\s*\}|\\degree|\{\s*\\degree\s*\})": r"\\degree ",
        r"\\mathbb\s*([A-Z])(?![A-Za-z])": r"\\mathbb{\1}",
        rf"\\(?:operatorname\*?|text|mathrm)\s*\{{\s*({_NAMED_FUNCTION})\s*\}}(?!\s*$)": r"\\\1 ",
    }.items()
]
_SIGN_PATTERNS = [
    (signs, re.compile(pattern), to)
    for signs, pattern, to in [
        ("*", r"\*\*", "^"),
        ("*", r"\*", r"\\cdot "),
        ("..", r"\.\.\.+", r"\\ldots "),
        ("'", r"\^\s*\{?\s*('+)\s*\}?", r"\1"),
        ("=", r"<=", r"\\le "),
        ("=", r">=", r"\\ge "),
        ("=", r"!=(?!=)", r"\\ne "),
        ("+/-", r"\+/-", r"\\pm "),
    ]
]

_LEAD = re.compile(
    r"^(?:\\text\{)?\s*(?:(?:so|thus|hence|therefore)[, ]+)?(?:the\s+)?(?:final\s+|correct\s+)?"
    r"(?:answer|result|solution)s?\s*(?:is|are|:|=)+\s*:?\s*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"^(?:\\text\{)?\s*(?:so\s+|thus,?\s+|hence,?\s+)?(?:the|there|its|we)\b[a-z\s]*"
    r"\b(?<!not )(?:is|are|equals|have|get)\s*:?\s*\}?\s*(?=[-+\d$\\])(?!\\text)",
    re.IGNORECASE,
)
_APPROXIMATELY = re.compile(
    r"^(?:(?:\\approx|\\sim|\\text\{\s*(?:approximately|about|roughly)\s*\}|(?:approximately|about|roughly)\b)"
    r"\s*(?=[-+\d.$\\])|=|:|\\equiv|\\(?:therefore|implies|Rightarrow|to)(?![A-Za-z])"
    r"|(?:therefore|thus|hence|so)\b,?)\s*",
    re.IGNORECASE,
)


def normalize(text: str) -> str:
    """Give an answer one spelling, without changing its meaning."""
    text = _ascii(text)
    text = _strip_delimiters(" ".join(text.split()))
    text = _COLOR.sub("", text)
    if "begin" in text:
        text = _ALIGNED.sub(_unaligned, text)
    text = _SWITCH.sub(" ", text)
    text = text.replace(r"\!", "").replace("{,}", ",").replace(r"{\ }", " ")
    text = re.sub(r"\{\\[,;: ]\}", " ", text)
    text = _COMBINATIONS.sub(r"\\binom{\1}{\2}", text)
    text = _unwrap_math(text)
    if "\\" in text:
        text = _COMMAND.sub(lambda command: _SYNONYMS.get(command[1], command[0]), text)
        for pattern, to in _COMMAND_PATTERNS:
            text = pattern.sub(to, text)
    for signs, pattern, to in _SIGN_PATTERNS:
        if signs in text:
            text = pattern.sub(to, text)
    text = _unwrap_text(text)
    text = _SPACE.sub(" ", text)
    text = _MICRO.sub(r"\1\\text{μ\2}", text)
    for pattern, to in _CURRENCY_WORDS:
        text = pattern.sub(to, text)
    return _trim(_rewrite_angles(text) if "\\degree" in text else text)


def _unaligned(match: re.Match[str]) -> str:
    """Return the lines of an aligned block, as a list; a function given by cases stays as it is."""
    if match[1] == "cases" and "&" in match[2]:
        return match[0]
    lines = match[2].replace("&", "").split("\\\\")
    return ", ".join(line.strip(" ,") for line in lines if line.strip())


def _rewrite_angles(text: str) -> str:
    """Join the sign of a degree to its scale of temperature, and minutes and seconds to degrees."""
    text = _TEMPERATURE.sub(r"\\text{°\1}", text)
    return _MINUTES.sub(_in_degrees, text)


def _in_degrees(match: re.Match[str]) -> str:
    degrees, minutes, seconds = (int(part or 0) for part in match.groups())
    return f"{Fraction(3600 * degrees + 60 * minutes + seconds, 3600)}\\degree "


def _ascii(text: str) -> str:
    if text.isascii():
        return text
    text = _SUPERSCRIPT.sub(lambda run: "^{" + run[0].translate(_SUPERSCRIPTS) + "}", text)
    text = _SUBSCRIPT.sub(lambda run: "_{" + run[0].translate(_SUBSCRIPTS) + "}", text)
    text = _VULGAR.sub(lambda sign: " " + unicodedata.normalize("NFKC", sign[0]) + " ", text)
    text = "".join(_SIGNS.get(letter) or _GREEK.get(letter) or letter for letter in text)
    text = "".join("" if _SIGNS.get(letter) == "" else letter for letter in text)
    text = unicodedata.normalize("NFKC", text)
    return "".join(_SIGNS.get(letter, letter) for letter in text)


def _strip_delimiters(text: str) -> str:
    """Drop what sets a part as mathematics or as bold; a single dollar sign is a currency."""
    # What is set as mathematics within bold leaves blanks there, so bold goes first, and last.
    text = _BOLD.sub(r"\1", _unbold_whole(text.replace(r"\$", "\x00")))
    for opening, closing in _DELIMITERS:
        if opening == closing:
            parts = text.split(opening)
            if len(parts) % 2 == 1:
                text = " ".join(parts) if len(parts) > 1 else text
        else:
            text = text.replace(opening, " ").replace(closing, " ")
    text = _unbold_groups(_BOLD.sub(r"\1", text))
    for mark in _PAIRS:
        inner = _EDGES.sub("", text)
        while len(inner) > 2 * len(mark) and inner.startswith(mark) and inner.endswith(mark):
            inner = text = inner[len(mark) : -len(mark)].strip()
    return text.replace("$", "\x00").replace("\x00", r"\$ ").strip()


def _unbold_whole(text: str) -> str:
    """Drop bold around a text that is one formula or one group, which may have bold within it."""
    if not (bold := _BOLD_WHOLE.fullmatch(text)):
        return text
    inside = bold[1]
    if wrapper := _WRAPPER.match(inside):
        fills = closing_brace(inside, wrapper.end()) == len(inside) - 1
    else:
        fills = any(
            inside.startswith(opening)
            and inside.find(closing, len(opening)) == len(inside) - len(closing)
            for opening, closing in _DELIMITERS
        )
    return inside if fills else text


def _unbold_groups(text: str) -> str:
    """Drop bold that fills a group in braces; the group may have groups within it."""
    position = 0
    while match := _BOLD_GROUP.search(text, position):
        end = closing_brace(text, match.start() + 1)
        inside = text[match.end() : end].rstrip()
        position = match.start() + 1
        if end < len(text) and inside.endswith("**") and inside.strip("* "):
            text = text[:position] + inside[:-2].strip() + text[end:]
    return text


def _unwrap_math(text: str) -> str:
    r"""Replace ``\mathbf{…}`` and its like by their content in braces."""
    return _MATH_WRAPPER.sub("{", text)


def _unwrap_text(text: str, depth: int = 0) -> str:
    r"""Give every command for text one name; numbers and single letters in them are no text.

    ``\text{ cm}^2`` becomes ``\text{cm^2}``.
    """
    out: list[str] = []
    position = 0
    while depth < _DEEPEST and (match := _TEXT_WRAPPER.search(text, position)):
        end = closing_brace(text, match.end())
        inside = _unwrap_text(text[match.end() : end], depth + 1)
        out += [text[position : match.start()], _text(inside)]
        position = min(end + 1, len(text))
    return "".join([*out, text[position:]])


def _text(inside: str) -> str:
    folded = " ".join(inside.replace(r"\text{", " ").replace("}", " ").split())
    if not folded:
        return " "
    if any(letter.isdigit() or letter == "\\" for letter in folded) or len(folded) == 1:
        return f" {folded} "
    if not any(letter.isalpha() for letter in folded):
        return f" {folded} "
    return rf"\text{{{folded}}}"


def closing_brace(text: str, begin: int) -> int:
    """Find the brace that closes the one before ``begin``; the text's length if none does."""
    depth = 1
    position = begin
    while position < len(text):
        if text[position] == "\\":
            position += 2
            continue
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if not depth:
            return position
        position += 1
    return len(text)


def _trim(text: str) -> str:
    """Drop an introduction, final punctuation, and braces around everything."""
    before = None
    for _ in range(_DEEPEST):
        if text == before:
            break
        before = text
        text = _ORDINAL.sub(r"\1", text.strip())
        text = _LEAD.sub(r"\\text{" if text.startswith(r"\text{") else "", text, count=1)
        text = _SENTENCE.sub("", text)
        text = _APPROXIMATELY.sub("", text)
        text = re.sub(r"\\text\{\s*\}", " ", text).strip()
        text = re.sub(r"(?:(?<!\\)[.,;:]|\\\\|\\\.)$", "", text)
        if text.startswith("{") and closing_brace(text, 1) == len(text) - 1:
            text = text[1:-1]
        if text.startswith(r"\text{") and closing_brace(text, 6) == len(text) - 1:
            text = text[6:-1].strip().rstrip(".,;")
    return text

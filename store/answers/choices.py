"""Find the letter of a choice in a model's text, and tell it from words of one letter."""

import re
from collections.abc import Iterator

_DECORATION = " \t*_`$\"'“”‘’"
_WRAPPED = re.compile(r"\\(?:text|textbf|mathrm|mathbf|mathsf|textrm)\s*\{([^{}]*)\}")
_ALONE = re.compile(r"\(?([A-Za-z])\)?[.:)]?")
_LABELLED = re.compile(r"\(?([A-Za-z])(?:[).:]|\s*[-–—:])\s*\S.*", re.DOTALL)
_BRACKETED = re.compile(r"[(\[]\s*([A-Za-z])\s*[)\]]")
_LETTER = re.compile(r"(?<![A-Za-z'’])([A-Z])(?![A-Za-z'’])")
_ANSWER = re.compile(
    r"(?:\b(?:answers?|solution|antwort|réponse|respuesta)\b|答案|選項|选项|解答|정답)"
    r"[*_`\s]*(?:(?:to|for)\s+(?:this|the)\s+(?:question|problem)[*_`\s]*)?"
    r"(?:(?:is|are|was|must be|should be|would be|will be|ist|est|es|是|为|為|は)|[:：=])*[*_`\s]*"
    r"(?:(?:clearly|therefore|thus|definitely|simply|likely|most likely|probably|indeed|then)\s+)?"
    r"[:：]?\s*(?:(?:option|choice|letter)\s+)?",
    re.IGNORECASE,
)
_OPTION = re.compile(r"\b(?:option|choice)(?:\s+is)?\s*[:：]?\s*", re.IGNORECASE)
_CANDIDATE = re.compile(
    r"[*_`$\s]*(?:\\(?:text|textbf|mathrm|mathbf)\s*\{\s*)?(?P<open>[(\[（]?)\s*(?P<letter>[A-Za-z])"
    r"(?![A-Za-z'’])\s*(?P<close>[)\]）]?)(?P<rest>.*)",
    re.DOTALL,
)
_CONTINUES = frozenset(
    {"because", "since", "as", "and", "or", "for", "with", "which", "by", "due", "given", "so",
     "but", "not", "is", "was"}
)  # fmt: skip
_REFUSED = re.compile(
    r"[^.\n]{0,40}?\b(?:is|are|was|were|seems?)\s+(?:\w+\s+)?"
    r"(?:not|wrong|incorrect|false|excluded|eliminated|impossible|invalid|out)\b",
    re.IGNORECASE,
)


def boxed_letter(content: str, letters: str | None) -> str | None:
    """Find the one letter that a box names.

    Args:
        content: what the box holds.
        letters: the letters of the question's choices; ``None`` admits all.
    """
    plain = re.sub(
        r"\\(?:text|textbf|mathrm|mathbf|mathsf|textrm)\s*\{([^{}]*)\}", r" \1 ", content
    )
    plain = " ".join(plain.split()).strip(_DECORATION)
    alone = _ALONE.fullmatch(plain) or _LABELLED.fullmatch(plain)
    if alone:
        return _admitted(alone[1], letters)
    bracketed = {letter.upper() for letter in _BRACKETED.findall(plain)}
    if bracketed:
        return _only(bracketed, letters)
    named = named_letter(plain, letters)
    if named is not None:
        return named
    found = {
        match[1]
        for match in _LETTER.finditer(plain)
        if not _is_word(match[1], plain[match.end() :])
    }
    return _only(found, letters)


def named_letter(text: str, letters: str | None) -> str | None:
    """Find the letter that a text names as its answer, the last where there are several.

    Args:
        text: what the model wrote.
        letters: the letters of the question's choices; ``None`` admits all.
    """
    for pattern in (_ANSWER, _OPTION):
        found = list(_named(text, pattern, letters))
        if found:
            return found[-1]
    lines = [line.strip(_DECORATION + ".") for line in text.splitlines()]
    last = next((line for line in reversed(lines) if line), "")
    alone = _ALONE.fullmatch(last) or (_LABELLED.fullmatch(last) if last[:1] != "(" else None)
    bracketed = _BRACKETED.fullmatch(last)
    match = bracketed or alone
    return _admitted(match[1], letters) if match else None


def _named(text: str, pattern: re.Pattern[str], letters: str | None) -> Iterator[str]:
    for opening in pattern.finditer(text):
        match = _CANDIDATE.match(text, opening.end())
        if match is None:
            continue
        letter, rest = match["letter"], match["rest"]
        if not match["open"] and not match["close"]:
            is_bare_lower = letter.islower() and re.match(r"\s*(?:$|[.,;:!?*_`\n)])", rest) is None
            if is_bare_lower or _is_word(letter, rest):
                continue
        if pattern is _OPTION and _REFUSED.match(rest):
            continue
        admitted = _admitted(letter, letters)
        if admitted is not None:
            yield admitted


def _is_word(letter: str, rest: str) -> bool:
    """Whether a letter is the article or the pronoun, by the word that follows it."""
    following = re.match(r"\s+([a-z’']+)", rest)
    if letter.upper() not in ("A", "I") or following is None:
        return False
    return following[1] not in _CONTINUES


def _only(found: set[str], letters: str | None) -> str | None:
    admitted = {letter for letter in found if _admitted(letter, letters)}
    return admitted.pop() if len(admitted) == 1 else None


def _admitted(letter: str, letters: str | None) -> str | None:
    upper = letter.upper()
    return upper if letters is None or upper in letters else None

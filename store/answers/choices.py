"""Find the letter of a choice in a model's text, and distinguish it from words of one letter."""

import re
import unicodedata
from collections.abc import Iterator

_DECORATION = " \t*_`$\"'“”‘’"
_WRAPPER = re.compile(r"\\(?:text|textbf|mathrm|mathbf|mathsf|textrm|boldsymbol)\s*\{([^{}]*)\}")
_ALONE = re.compile(r"[(\[{<]?([A-Za-z])[)\]}>]?[.:)]?")
_LABELLED = re.compile(r"\(?([A-Za-z])(?:[).:]|\s*[-–—:])\s*\S.*", re.DOTALL)
_BRACKETED = re.compile(r"[(\[]\s*([A-Za-z])\s*[)\]]")
_AT_THE_END = re.compile(r".*[(\[]\s*([A-Z])\s*[)\]][.!]?")
_LETTER = re.compile(r"(?<![A-Za-z'’])([A-Z])(?![A-Za-z'’])(?!\s*=)")

_FILLERS = (
    "is|are|was|must be|should be|would be|will be|ist|lautet|est|es|è|é|será|была|correct|correcta"
    "|correcte|correto|correta|corretta|richtig|richtige|final|clearly|therefore|thus|definitely"
    "|simply|likely|most likely|probably|indeed|then|option|choice|letter|la opción|a opção"
    "|la lettre|a letra|la lettera|der buchstabe|to this question|to the question|for this question"
    "|to this problem|to the problem|with"
)
_CONNECTOR = rf"(?:[\s*_`\"'“”‘’:=→>,$\-–—]|\\[(\[]|\b(?:{_FILLERS})\b|[是为為は은는선選选项項])*"
_ANSWER = re.compile(
    r"(?:\b(?:answers?|solution|antwort|lösung|réponse|respuesta|resposta|risposta|ответ)\b"
    r"|答案|選項|选项|解答|正解|答え|정답|الجواب|الإجابة|उत्तर)" + _CONNECTOR,
    re.IGNORECASE,
)
_CHOSEN = re.compile(
    r"(?:\b(?:choose|pick|select|go(?:ing)? with|i (?:think|believe)|i\.e\.)(?!\w)|[应應故]?[选選])"
    + _CONNECTOR,
    re.IGNORECASE,
)
_OPTION = re.compile(r"\b(?:option|choice)\b" + _CONNECTOR, re.IGNORECASE)
_SUBJECT = re.compile(
    r"(?<![A-Za-z'’])[(\[*]*(?P<letter>[A-Z])[)\]*.]*\s+(?:is|must be|would be|seems)\s+"
    r"(?:\w+ly\s+|indeed\s+|therefore\s+|thus\s+)?(?:the\s+)?(?:only\s+|single\s+)?"
    r"(?:correct|right|best|answer|true|most\s+\w+)\b"
)
_CANDIDATE = re.compile(
    r"(?:\\(?:text|textbf|mathrm|mathbf)\s*\{\s*)?(?P<open>[(\[{<]?)\s*(?P<letter>[A-Za-z])"
    r"(?![A-Za-z'’])(?:\s*(?P<close>[)\]}>]))?(?P<rest>.{0,200})",
    re.DOTALL,
)
_ANOTHER = re.compile(
    r"[*_`)\]}]*\s*(?:,\s*(?:and|or)?|/|&|and|or|und|oder|et|ou|y|o|和|或)\s*[(\[*_`]*([A-Z])"
    r"(?![A-Za-z'’])[)\]*_`]*\s*(?:$|[.,;!?\n])"
)
_CONTINUES = frozenset(
    {"because", "since", "as", "and", "or", "for", "with", "which", "by", "due", "given", "so",
     "but", "not", "is", "was", "would", "must"}
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
    plain = _WRAPPER.sub(r" \1 ", unicodedata.normalize("NFKC", content))
    plain = " ".join(plain.replace("~", " ").split()).strip(_DECORATION)
    if alone := _ALONE.fullmatch(plain):
        return _admitted(alone[1], letters)
    bracketed = {letter.upper() for letter in _BRACKETED.findall(plain)}
    if len(bracketed) > 1:
        return None
    if labelled := _LABELLED.fullmatch(plain):
        return _admitted(labelled[1], letters)
    if bracketed:
        return _only(bracketed, letters)
    named = named_letter(plain, letters)
    if named is not None:
        return named
    chosen = {
        match[1]
        for match in _LETTER.finditer(plain)
        if not _is_word(match[1], plain[match.end() :])
    }
    return _only(chosen, letters)


def named_letter(text: str, letters: str | None) -> str | None:
    """Find the letter that a text names as its answer, the last where there are several.

    Args:
        text: what the model wrote.
        letters: the letters of the question's choices; ``None`` admits all.
    """
    text = unicodedata.normalize("NFKC", text)
    for way in (_named_answers, _chosen, _named_options):
        chosen = list(way(text, letters))
        if chosen:
            return chosen[-1]
    return _last_line_letter(text, letters)


def _last_line_letter(text: str, letters: str | None) -> str | None:
    """Find the letter that the last line consists of, starts with, or ends with in brackets."""
    lines = [line.strip(_DECORATION + ".") for line in text.splitlines()]
    last = next((line for line in reversed(lines) if line), "")
    last = re.sub(r"</?\w+>", "", last).strip(_DECORATION + ".")
    labelled = _LABELLED.fullmatch(last) if last[:1] != "(" else None
    match = _BRACKETED.fullmatch(last) or _ALONE.fullmatch(last) or labelled
    if match is None and len(_BRACKETED.findall(last)) == 1:
        match = _AT_THE_END.fullmatch(last)
    return _admitted(match[1], letters) if match else None


def _named_answers(text: str, letters: str | None) -> Iterator[str | None]:
    return _after(_ANSWER, text, letters)


def _named_options(text: str, letters: str | None) -> Iterator[str | None]:
    return _after(_OPTION, text, letters)


def _chosen(text: str, letters: str | None) -> Iterator[str | None]:
    """Find letters that are chosen, or called right, in the order of the text."""
    chosen = list(_after(_CHOSEN, text, letters))
    subjects = (_admitted(match["letter"], letters) for match in _SUBJECT.finditer(text))
    return iter([*chosen, *(letter for letter in subjects if letter is not None)])


def _after(pattern: re.Pattern[str], text: str, letters: str | None) -> Iterator[str | None]:
    """Find the letters after an opening; ``None`` for several at once."""
    for opening in pattern.finditer(text):
        match = _CANDIDATE.match(text, opening.end())
        if match is None:
            continue
        letter, rest = match["letter"], match["rest"]
        if not match["open"] and not match["close"]:
            is_bare_lower = letter.islower() and re.match(r"\s*(?:$|[.,;:!?*_`\n)])", rest) is None
            if is_bare_lower or _is_word(letter, rest):
                continue
        if _REFUSED.match(rest) and pattern is not _ANSWER:
            continue
        admitted = _admitted(letter, letters)
        if admitted is not None:
            another = _ANOTHER.match(rest)
            yield None if another and _admitted(another[1], letters) else admitted


def _is_word(letter: str, rest: str) -> bool:
    """Return whether a letter is the article or the pronoun, by the word that follows it."""
    following = re.match(r"\s+([a-z’']+)", rest)
    if letter.upper() not in ("A", "I") or following is None:
        return False
    return following[1] not in _CONTINUES


def _only(chosen: set[str], letters: str | None) -> str | None:
    admitted = {letter for letter in chosen if _admitted(letter, letters)}
    return admitted.pop() if len(admitted) == 1 else None


def _admitted(letter: str, letters: str | None) -> str | None:
    upper = letter.upper()
    return upper if letters is None or upper in letters else None

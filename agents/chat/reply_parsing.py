"""Parse a reply: a program or edits with the rationale, or neither."""

import re
from typing import NamedTuple

from agents.chat.edits import SourceEdit, parse_edits
from agents.prompt_templates import prompt_language
from agents.run.records import ControllerLanguage

_FENCED = re.compile(
    r"^[ \t]*```[ \t]*(?P<tag>[\w+-]*)[ \t]*(?P<name>[^\n`]*)\n(?P<body>.*?)^[ \t]*```[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_OPEN_FENCE = re.compile(r"^[ \t]*```[^\n]*\n", re.MULTILINE)
_EDITED = re.compile(r"^[`\s]*edit[ \t]+`?(?P<name>[\w./-]+)", re.MULTILINE | re.IGNORECASE)


class ParsedProgram(NamedTuple):
    """A complete program; it need not check."""

    source: str
    words: str
    """The rationale."""


class ParsedEdits(NamedTuple):
    """Edits of a program that was shown."""

    base: str
    """Name of the program; empty if the reply names none."""
    edits: list[SourceEdit]
    words: str


def parse_reply(
    text: str, language: ControllerLanguage = ControllerLanguage.RHEO
) -> ParsedProgram | ParsedEdits | None:
    """Parse an unconstrained reply: the last program or block of edits.

    Args:
        text: The reply, including prose.
        language: Language of the program.
    """
    text = without_thoughts(text.replace("\r\n", "\n"))
    blocks = list(_FENCED.finditer(text))
    words = _words(_FENCED.sub("\n", text))
    for block in reversed(blocks):
        edits = parse_edits(block["body"])
        if edits:
            together = [edit for other in blocks for edit in parse_edits(other["body"])]
            return ParsedEdits(_base(text, block), together, words)
        if _has_program(block["body"], language):
            return ParsedProgram(_with_final_newline(block["body"]), words)
    return _unfenced(text, language)


def parse_constrained_reply(text: str) -> ParsedProgram:
    """Parse a reply decoded under the grammar: comments with the rationale, then the program."""
    # Rheo ends a comment at a line feed only; str.splitlines also splits at other characters.
    lines = without_thoughts(text).lstrip().split("\n")
    reasons = []
    for line in lines:
        if not line.startswith("#"):
            break
        reasons.append(line.lstrip("# ").rstrip())
    return ParsedProgram(
        _with_final_newline("\n".join(lines[len(reasons) :])), " ".join(filter(None, reasons))
    )


def _base(text: str, block: re.Match[str]) -> str:
    name = block["name"].strip("` \t")
    if block["tag"] == "edit" and name:
        return name.split()[0]
    match = _EDITED.search(text)
    return match["name"] if match else ""


def _has_program(body: str, language: ControllerLanguage) -> bool:
    """Return whether a block holds a program."""
    if language is ControllerLanguage.PYTHON:
        return re.search(r"^def[ \t]+controller\(", body, re.MULTILINE) is not None
    return prompt_language(language).beginning.search(body) is not None


def _unfenced(text: str, language: ControllerLanguage) -> ParsedProgram | ParsedEdits | None:
    """Parse edits or a program outside a fence, or in an unclosed one."""
    edits = parse_edits(text)
    if edits:
        match = _EDITED.search(text)
        before = text[: text.index("SEARCH")]
        return ParsedEdits(
            match["name"] if match else "", edits, _words(_OPEN_FENCE.sub("", before))
        )
    beginning = prompt_language(language).beginning.search(text)
    if beginning is None or not _has_program(text, language):
        return None
    body = _OPEN_FENCE.split(text[beginning.start() :])[0].partition("```")[0]
    if language is ControllerLanguage.PYTHON:
        return ParsedProgram(
            _with_final_newline(body), _words(_OPEN_FENCE.sub("", text[: beginning.start()]))
        )
    end = _closing(body)
    if end is None and body.count("{") == 0:
        return None  # the word was part of prose
    words = _words(_OPEN_FENCE.sub("", text[: beginning.start()]))
    return ParsedProgram(_with_final_newline(body if end is None else body[:end]), words)


def _closing(body: str) -> int | None:
    """Return the position after the first block's closing brace, if it is closed."""
    depth = 0
    for token in re.finditer(r'"[^"\n]*"|#[^\n]*|[{}]', body):
        depth += (token.group() == "{") - (token.group() == "}")
        if token.group() == "}" and depth == 0:
            return token.end()
    return None


def _words(prose: str) -> str:
    return re.sub(r"\n\s*\n\s*", "\n\n", prose).strip()


def _with_final_newline(source: str) -> str:
    return source.strip("\n").rstrip() + "\n"


# Thoughts of reasoning models

_NAMES = r"(?:seed:)?(?:think(?:ing)?|thoughts?|reason(?:ing)?|analysis|scratchpad)"
_END_OF_THOUGHT = re.compile(
    rf"<\s*/\s*{_NAMES}\s*>|\[/{_NAMES}\]|◁/{_NAMES}▷"
    r"|<\|end_of_thought\|>|<\|channel\|>\s*final\s*<\|message\|>",
    re.IGNORECASE,
)
"""Closing marks of thoughts; chat templates often contain the opening one."""
_THOUGHT = re.compile(
    rf"(?:<\s*{_NAMES}\s*>|\[{_NAMES}\]|◁{_NAMES}▷|<\|begin_of_thought\|>)"
    rf".*?(?:{_END_OF_THOUGHT.pattern})\s*",
    re.DOTALL | re.IGNORECASE,
)


def without_thoughts(text: str) -> str:
    """Return the text after the last closing mark of thought.

    Everything before it is thought, with or without an opening mark. If nothing follows, the model
    thought after replying, and its marked thoughts are removed.
    """
    marks = list(_END_OF_THOUGHT.finditer(text))
    if not marks:
        return text
    after = text[marks[-1].end() :].lstrip()
    return after or without_thoughts(_THOUGHT.sub("", text)) if _THOUGHT.search(text) else after

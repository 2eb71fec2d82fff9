r"""Escape untrusted text before it is shown.

Names, questions, answers, events, file names and error texts may contain terminal control
sequences, bidirectional overrides, invisible characters and line breaks. Everything that shows text
to people passes it through this module: `escape_line` for a name, a cell or a message, and
`escape_block` for text of several lines. Both escape what a terminal would interpret or a reader
could not see (``\x1b``, ``\u202e``); the result is also valid in XML, which forbids most control
characters. Markup needs another escape on top: `escape_xml` here for HTML and SVG, and that of
`agents.report.markdown` for Markdown. Rich and Textual get text with markup turned off.
"""

import json
import re
import shlex
import unicodedata
from html import escape

_SUSPECT = re.compile(r"[^\x20-\x7e]")
"""Characters that need a check; all others are plain ASCII."""

_ALLOWED_IN_BLOCKS = "\n\t"

_OWN_COLOURS = re.compile(r"(\x1b\[[0-9;]*m)")
"""The sequences that set colours, which rheostat writes itself."""


def is_visible(character: str) -> bool:
    """Return whether a character can be shown as it is.

    Spaces of every width are shown. Control, format, surrogate, private and unassigned characters
    are not, nor are the separators of lines and paragraphs.
    """
    return character.isprintable() or unicodedata.category(character) == "Zs"


def escape_block(text: str) -> str:
    """Escape what a terminal would interpret or a reader could not see, but keep lines.

    Line breaks and tabs stay as they are.
    """
    if text.isprintable():
        return text
    return _SUSPECT.sub(lambda match: _escaped(match[0], _ALLOWED_IN_BLOCKS), text)


def escape_line(text: str) -> str:
    """Escape what a terminal would interpret or a reader could not see, and line breaks."""
    if text.isprintable():
        return text
    return _SUSPECT.sub(lambda match: _escaped(match[0], ""), text)


def escape_xml(text: str) -> str:
    """Escape text for HTML, SVG and other XML, in elements and in quoted attributes."""
    return escape(escape_block(text), quote=True)


def escape_json(document: str) -> str:
    r"""Write hidden characters of a JSON document as ``\u`` escapes; its value is unchanged."""
    return _SUSPECT.sub(lambda match: _json_escaped(match[0]), document)


def quote_for_shell(word: str) -> str:
    """Quote a word for a shell, on one line, whatever characters it has.

    Characters that cannot be seen are written in the ``$'…'`` form of bash and zsh.
    """
    if all(map(is_visible, word)):
        return shlex.quote(word)
    return "$'" + "".join(map(_typed, word)) + "'"


def _typed(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if "\udc80" <= character <= "\udcff":  # a byte of a file's name that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    if not character.isascii() and not is_visible(character):
        # Escape each byte: a shell reads \\x9b as one byte, which is not valid UTF-8.
        return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    return _escaped(character, "")


def escape_styled(text: str) -> str:
    """Escape text that rheostat has coloured; sequences that set colours stay.

    Untrusted parts must be escaped already: their own colours would stay, too.
    """
    return "".join(
        part if _OWN_COLOURS.fullmatch(part) else escape_block(part)
        for part in _OWN_COLOURS.split(text)
    )


def _escaped(character: str, allowed: str) -> str:
    if character in allowed or is_visible(character):
        return character
    return character.encode("unicode_escape").decode("ascii")


def _json_escaped(character: str) -> str:
    if character == "\n" or is_visible(character):
        return character
    return json.dumps(character)[1:-1]

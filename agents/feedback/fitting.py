"""Fits the sections of a text into a number of tokens: they give way in a stated order."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agents.feedback.length import count


class Level(NamedTuple):
    """One form of a section."""

    text: str
    """Empty where the section is left out."""
    left_out: str = ""
    """What this form leaves out, in words."""


class Fitted(NamedTuple):
    """A text that fits."""

    text: str
    tokens: int
    """At most as many as were asked for."""


def fitted(sections: Mapping[str, Sequence[Level]], give_way: Sequence[str], most: int) -> Fitted:
    """The fullest text that fits.

    What was left out is said at the end. Where even the shortest forms are too long, lines are cut
    from the end.

    Args:
        sections: by name, in the order of the text; each with its forms, the fullest first.
        give_way: names of sections; each time that one is named, it takes its next form, if it has
            one.
        most: the tokens.
    """
    at = dict.fromkeys(sections, 0)
    text = _text(sections, at, most)
    for name in give_way:
        if count(text) <= most:
            break
        if at[name] + 1 < len(sections[name]):
            at[name] += 1
            text = _text(sections, at, most)
    lines = text.splitlines(keepends=True)
    while lines and (count("".join(lines)) > most or _dangles(lines[-1])):
        lines.pop()
    whole = "".join(lines)
    return Fitted(whole, count(whole))


def _dangles(line: str) -> bool:
    """Whether nothing ends with such a line."""
    return not line.strip() or line.startswith("#")


def _text(sections: Mapping[str, Sequence[Level]], at: Mapping[str, int], most: int) -> str:
    chosen = [forms[at[name]] for name, forms in sections.items()]
    parts = [each.text.strip("\n") for each in chosen if each.text]
    left_out = [each.left_out for each in chosen if each.left_out]
    if left_out:
        parts.append(f"Left out to stay within {most:,} tokens: {'; '.join(left_out)}.")
    return "\n\n".join(parts) + "\n"

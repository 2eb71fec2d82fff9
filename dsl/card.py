"""The language card: all of Rheo on one page, for a language model that writes controllers.

The card is made of a template, the grammar and the tables of the checker, so it says what the
language is. It is as short as it can be, since it is paid for in every prompt: `MAX_TOKENS` at
most by `estimated_tokens`.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from string import Template

from dsl.builtins import ATTRIBUTES, FUNCTIONS, INTERVAL_ATTRIBUTES, SETS, SIGNALS, VALUES
from dsl.types import Type

MAX_TOKENS = 2750
"""The most that the card may take of a prompt."""

_TYPES = {
    Type.INTEGER: "int", Type.REAL: "real", Type.TRUTH: "bool", Type.ANSWER: "answer",
}  # fmt: skip

_OPERATORS = frozenset({
    "_or", "or", "_and", "and", "_not", "not", "_comparison", "compare", "_sum", "add", "subtract",
    "_product", "multiply", "divide", "floor_divide", "remainder", "_unary", "negative", "_atom",
    "number", "text", "true", "false", "none", "name", "field", "parenthesis",
})  # fmt: skip
"""Rules that the template describes in a line of its own."""


def render_card() -> str:
    """Return the language card, as Markdown."""
    template = files("dsl").joinpath("card_template.md").read_text(encoding="utf-8")
    return Template(template).substitute(
        grammar="\n".join(summarize_grammar(_grammar())),
        sets=_list(SETS),
        values=_list({name: value.meaning for name, value in VALUES.items()}),
        attributes=_list(
            {name: f"({_TYPES[value.type]}) {value.meaning}" for name, value in ATTRIBUTES.items()}
        ),
        interval_attributes=" ".join(
            f"`{name}`" for name in ATTRIBUTES if name in INTERVAL_ATTRIBUTES
        ),
        signals=", ".join(SIGNALS),
        functions=_list({function.shown: function.meaning for function in FUNCTIONS.values()}),
    )


def estimated_tokens(text: str) -> int:
    """Return what a text costs in a prompt, in tokens, on the safe side.

    Tokenisers differ. Prose comes to about 1.3 tokens a word and code to about 3.7 characters a
    token, so the larger of 1.4 tokens a word and a token for 3.5 characters is taken.
    """
    return math.ceil(max(len(text.split()) * 1.4, len(text) / 3.5))


def summarize_grammar(text: str) -> Iterator[str]:
    """Yield the rules of a grammar as lines, without operators, comments and terminals.

    A terminal that only names words is written out as those words.
    """
    joined = re.sub(r"\n\s+\|", " |", text)
    words = dict(re.findall(r'^([A-Z]+): ("[^"]*"(?: \| "[^"]*")*)$', joined, re.MULTILINE))
    words["ONCE"] = '"once" ".answer"'
    for name, body in re.findall(r"^(_?[a-z]\w*): (.*)$", joined, re.MULTILINE):
        if name in _OPERATORS:
            continue
        for terminal, spelt in words.items():
            body = re.sub(rf"\b{terminal}\b", spelt, body)
        yield re.sub(r"(?<!\w)_(?=[a-z])", "", f"{name}: {body}")


def _grammar() -> str:
    return files("dsl").joinpath("rheo.lark").read_text(encoding="utf-8")


def _list(meanings: Mapping[str, str]) -> str:
    return "\n".join(_lines(meanings.items()))


def _lines(items: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, meaning in items:
        yield f"- `{name}` {meaning}"

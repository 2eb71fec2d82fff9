"""What is shown of the word under the pointer, and where it is declared."""

from collections.abc import Iterable
from typing import NamedTuple

from dsl.builtins import (
    ATTRIBUTES,
    FUNCTIONS,
    SETS,
    VALUES,
    BuiltinFunction,
    BuiltinValue,
    ResultKind,
    describe_signal,
    signal_name_fault,
)
from dsl.checker.schedule_directions import prove_directions
from dsl.checker.symbols import Role
from dsl.editor.document import Document
from dsl.editor.keyword_meanings import KEYWORD_MEANINGS, ONCE
from dsl.editor.outline import Declaration, end_of, start_of
from dsl.schedule import evaluate
from dsl.source import Span
from dsl.types import Type
from dsl.vocabulary import KEYWORDS


class Hover(NamedTuple):
    """A text in Markdown, and the word that it is about."""

    span: Span
    markdown: str


def find_hover(document: Document, offset: int) -> Hover | None:
    """Describe the name at an offset; ``None`` for white space, signs, numbers and texts."""
    index = document.token_at(offset)
    if index is None:
        return None
    token = document.tokens[index]
    span = Span(start_of(token), end_of(token))
    word = str(token)
    if token.type == "FIELD":
        text = _field(document, word, offset)
    elif token.type == "NAME":
        text = _name(document, word, index, offset)
    elif token.type == "ONCE":
        text = _page(ONCE.shown, ONCE.meaning)
    elif word in KEYWORDS:
        text = _page(KEYWORD_MEANINGS[word].shown, KEYWORD_MEANINGS[word].meaning)
    else:
        text = None
    return None if text is None else Hover(span, text)


def find_definition(document: Document, offset: int) -> Span | None:
    """Find where the name at an offset is declared; ``None`` for built-in names."""
    index = document.token_at(offset)
    if index is None or document.tokens[index].type not in {"NAME", "FIELD"}:
        return None
    if document.tokens[index].type == "NAME" and _is_called(document, index):
        return None
    word = str(document.tokens[index])
    declaration = document.outline.resolve(word, offset)
    if declaration is None and word.startswith(".") and word not in ATTRIBUTES:
        return document.outline.needs.get(word.removeprefix("."))
    return None if declaration is None else declaration.span


def function_page(function: BuiltinFunction) -> str:
    """Return what a function does, in Markdown."""
    return _page(function.shown, f"gives {_result_type(function)}", function.meaning)


def value_page(name: str, value: BuiltinValue) -> str:
    """Return what a value of the episode or an attribute is, in Markdown."""
    if value.signal is None:
        return _page(name, value.type.value, value.meaning)
    advice = f"an optional signal: put `needs {value.signal}` first"
    if name in ATTRIBUTES:
        return _page(name, value.type.value, value.meaning, advice)
    fallback = f"where it may have no value yet, write `({name} else 0.0)`"
    return _page(name, value.type.value, value.meaning, advice, fallback)


def set_page(name: str) -> str:
    """Return what a set of the language holds, in Markdown."""
    return _page(name, Type.BRANCHES.value, SETS[name])


def declared_page(document: Document, declared: Declaration) -> str:
    """Return what the text declares under a name, in Markdown."""
    line = " ".join(document.source.excerpt(declared.line).split())
    kind = document.type_of(declared.span)
    what = declared.role.value if kind is None else f"{declared.role.value}, {kind.value}"
    return _page(line, what, _knob_values(document, declared))


def _name(document: Document, word: str, index: int, offset: int) -> str | None:
    if _is_called(document, index):
        return function_page(FUNCTIONS[word]) if word in FUNCTIONS else None
    declared = document.outline.resolve(word, offset)
    if declared is not None:
        return declared_page(document, declared)
    if document.outline.section_at(offset) is None:
        known = word in document.outline.needs and signal_name_fault(word) is None
        return value_page(f".{word}", describe_signal(word)) if known else None
    if word in SETS:
        return set_page(word)
    if word in VALUES:
        return value_page(word, VALUES[word])
    if word == "weight" and _is_assigned(document, index):
        return _page("winner(S, weight = e)", "the weight of each branch of the set")
    return None


def _field(document: Document, word: str, offset: int) -> str | None:
    declared = document.outline.resolve(word, offset)
    if declared is not None:
        return declared_page(document, declared)
    if word in ATTRIBUTES:
        return value_page(word, ATTRIBUTES[word])
    name = word.removeprefix(".")
    return value_page(word, describe_signal(name)) if name in document.outline.needs else None


def _is_called(document: Document, index: int) -> bool:
    following = document.tokens[index + 1 : index + 2]
    return bool(following) and following[0].type == "LPAR"


def _is_assigned(document: Document, index: int) -> bool:
    following = document.tokens[index + 1 : index + 2]
    return bool(following) and str(following[0]) == "="


def _result_type(function: BuiltinFunction) -> str:
    """Return what a function gives, whatever the form."""
    gives = dict.fromkeys(form.gives for form in function.forms)
    return " or ".join(one.value for one in gives if isinstance(one, Type | ResultKind))


def _knob_values(document: Document, declared: Declaration) -> str | None:
    """Return what values a scheduled knob takes, where the program is sound."""
    checked = document.analysis.checked
    if checked is None or declared.role is not Role.SCHEDULED:
        return None
    directions = {
        direction.name: direction for direction in prove_directions(checked.program, checked.types)
    }
    verdict = directions.get(declared.name)
    if verdict is None:
        return None
    low, high = (evaluate(checked, beta)[declared.name] for beta in (0.0, 1.0))
    return f"{low} at beta = 0, {high} at beta = 1; its direction is {verdict.outcome.value}"


def _page(code: str, *paragraphs: str | None) -> str:
    described: Iterable[str] = (text for text in paragraphs if text)
    return "\n\n".join([f"```rheo\n{code}\n```", *described])

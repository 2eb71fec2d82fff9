"""Check a constrained reply against its constraint.

A server may skip a constraint and report nothing: vLLM with ``--reasoning-parser`` applies none
until the prompt holds the closing mark of thinking. So every constrained reply is checked here.
"""

from collections.abc import Sequence
from functools import lru_cache

import regex

from store.serving.requests import CompletionRequest


def constraint_fault(text: str, finish: str, request: CompletionRequest) -> str | None:
    """Describe how a reply breaks its request's constraint; ``None`` where it does not.

    A reply that ended at a stop string, or at its bound of tokens, may be the beginning of what the
    constraint admits.

    Args:
        text: the reply, without the stop string that ended it.
        finish: the reason for its end.
        request: the request, with its constraint.
    """
    constraint = request.structured_outputs
    if constraint is None:
        return None
    beginnings = [text] if finish == "length" else []
    beginnings += [text + stop for stop in request.stop or ()]
    if constraint.choice is not None and not _is_choice(text, beginnings, constraint.choice):
        return f"a reply is {_short(text)}, which is none of {', '.join(constraint.choice)}"
    if constraint.regex is not None and not _matches(text, beginnings, constraint.regex):
        return f"a reply is {_short(text)}, which does not match the regular expression"
    return None


@lru_cache(maxsize=16)
def compile_pattern(expression: str) -> "regex.Pattern[str]":
    """Compile a regular expression as lenient as any of vLLM's backends reads it.

    A dot matches line breaks, since that of xgrammar does; anchors are skipped by xgrammar, and
    the whole reply is compared here.

    Raises:
        regex.error: it is malformed.
    """
    return regex.compile(expression, regex.DOTALL)


def _is_choice(text: str, beginnings: Sequence[str], choices: Sequence[str]) -> bool:
    return text in choices or any(
        choice.startswith(beginning) for choice in choices for beginning in beginnings
    )


def _matches(text: str, beginnings: Sequence[str], expression: str) -> bool:
    pattern = compile_pattern(expression)
    return pattern.fullmatch(text) is not None or any(
        pattern.fullmatch(beginning, partial=True) is not None for beginning in beginnings
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "…")

"""A scripted model, whose tokens are bytes and a few marks.

It generates letters as its thinking, ends the thinking at random by the seed of the request, and
answers. The next token depends on the earlier tokens and the seed alone, so that the same request
gives the same tokens.
"""

from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import NamedTuple

THINK_END, END, REPLY = 256, 257, 258
MARKS = {"</think>": THINK_END, "<end>": END, "<reply>": REPLY}


class Choice(NamedTuple):
    """One child as the model draws it."""

    tokens: list[int]
    finish: str


def encode(text: str) -> list[int]:
    """Bytes, and one token for each mark."""
    for mark, token in MARKS.items():
        text = text.replace(mark, chr(0xE000 + token))
    tokens: list[int] = []
    for letter in text:
        marked = ord(letter) - 0xE000
        tokens.extend([marked] if marked in MARKS.values() else letter.encode())
    return tokens


def show(tokens: Sequence[int]) -> str:
    """The text of tokens; the last mark is not shown, as vLLM does with special tokens."""
    parts = {THINK_END: b"</think>", END: b"", REPLY: b""}
    return b"".join(parts.get(token, bytes([token % 256])) for token in tokens).decode("latin-1")


def draw(prompt: Sequence[int], seed: int, most: int) -> Choice:
    """Draw what the model generates after a prompt."""
    random = Random(seed)
    context = list(prompt)
    reply_start = context.index(REPLY)
    drawn_tokens: list[int] = []
    while len(drawn_tokens) < most:
        token = _next(context[reply_start + 1 :], random)
        drawn_tokens.append(token)
        context.append(token)
        if token == END:
            return Choice(drawn_tokens, "stop")
    return Choice(drawn_tokens, "length")


def _next(context: list[int], random: Random) -> int:
    if THINK_END not in context:
        return THINK_END if random.random() < 0.012 else random.choice(b"abcdefgh ")
    position = len(context) - context[::-1].index(THINK_END)
    state = blake2b(bytes(t % 256 for t in context[: position - 1]), digest_size=1).digest()[0]
    answer = f"\n\nThe final answer is \\boxed{{{(3, 3, 4, 5)[state % 4]}}}".encode()
    answered = context[position:]
    return answer[len(answered)] if len(answered) < len(answer) else END

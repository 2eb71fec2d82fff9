"""The seed of every draw: a pure function of what is drawn, so that any of it can be drawn again.

Both are the first eight bytes of a BLAKE2b digest, cut to 62 bits, so that a branch's index can be
added and the sum still be a seed that the server takes.
"""

from hashlib import blake2b

import msgspec

_BITS = 62


def question_seed(base: int, question: str) -> int:
    """The seed of a question's branch 0; branch i has this and i more, as vLLM seeds children.

    Args:
        base: the seed of the whole collection.
        question: the question's id.
    """
    return _stable("question", base, question)


def interval_seed(base: int, question: str, branch: int, interval: int) -> int:
    """The seed of one interval of a branch that is drawn step by step.

    Args:
        base: the seed of the whole collection, or of the live episodes.
        question: the question's id.
        branch: the branch's index, from 0.
        interval: the interval's number in its branch, from 0.
    """
    return _stable("interval", base, question, branch, interval)


def _stable(*parts: str | int) -> int:
    digest = blake2b(msgspec.msgpack.encode(parts), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> (64 - _BITS)

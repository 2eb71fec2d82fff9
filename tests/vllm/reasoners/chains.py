"""Chains of thought with a known share of mistakes: what the tiny reasoners are taught.

A chain for ``a4,b9,c2,d?`` adds one digit a line and may then look again, more carefully, until
two results agree:

    a4+0=4
    b9+4=3
    c2+3=5
    d?=5
    Wait
    a4+0=4
    ...
    d?=5
    5:5 agree

A mistake is a wrong total in a line; the lines after it go on from there. A chain for a line of
letters and digits writes each tag with its digit; a mistake is a digit misread.

A model learns the mistakes with the rest: at temperature 1 it makes as many as it was shown, at
lower temperatures fewer.
"""

from random import Random
from typing import NamedTuple

from tests.vllm.reasoners.questions import (
    ADD,
    EXTRACT,
    MOST_IN_LINE,
    TAGS,
    Line,
    digits,
    line,
    tagged,
)

FORCING = "</think>\n\nThe final answer is \\boxed{"
"""What makes a model that is stopped anywhere in its chain give the answer it holds."""

CLOSING = "}"
"""What follows a forced answer, and one that was not forced."""

MOST_PASSES = 4
"""Times that a chain adds the digits up."""


class Habits(NamedTuple):
    """How a model reasons."""

    slips: float
    """The share of wrong totals in the first pass, on average over digits and totals."""

    misreads: float
    """The share of digits misread in a line."""

    look_again: float = 0.75
    """The share of first results that are looked at again."""

    care: float = 0.5
    """Wrong totals in later passes, as a share of those in the first."""

    give_up: float = 0.15
    """The share of results that agree with none before and are kept all the same."""


class Chain(NamedTuple):
    """A prompt, what is thought about it, and what is answered."""

    prompt: str
    thought: str
    answer: str


def slip(digit: int, total: int, chance: Random, slips: float) -> int:
    """The sum of two digits, or a mistake: more often the larger the digit, mostly by one."""
    right = (digit + total) % 10
    if chance.random() >= slips * (0.4 + digit * 0.6 / 4.5):
        return right
    return (right + chance.choice((1, 1, 9, 9, 2, 8, chance.randint(1, 9)))) % 10


def one_pass(of: list[int], chance: Random, slips: float) -> list[str]:
    """The lines that add digits up, the result in the last."""
    lines, total = [], 0
    for tag, digit in zip(TAGS, of, strict=False):
        after = slip(digit, total, chance, slips)
        lines.append(f"{tag}{digit}+{total}={after}")
        total = after
    return [*lines, f"{TAGS[len(of)]}?={total}"]


def added(of: list[int], habits: Habits, chance: Random) -> Chain:
    """A chain that adds digits up, once or several times."""
    lines = one_pass(of, chance, habits.slips)
    results = [lines[-1][-1]]
    going = chance.random() < habits.look_again
    while going:
        lines += ["Wait", *one_pass(of, chance, habits.slips * habits.care)]
        before, now = results[-1], lines[-1][-1]
        results.append(now)
        lines.append(f"{before}:{now} {'agree' if now == before else 'differ'}")
        going = now != before and len(results) < MOST_PASSES and chance.random() >= habits.give_up
    return Chain(ADD.format(tagged(of)), "\n".join([*lines, ""]), results[-1])


def extracted(of: Line, habits: Habits, chance: Random) -> Chain:
    """A chain that takes the digits out of a line."""
    read = [
        (digit + chance.choice((1, 9, chance.randint(1, 9)))) % 10
        if chance.random() < habits.misreads
        else digit
        for digit in of.digits
    ]
    answer = tagged(read)
    return Chain(EXTRACT.format(of.text), answer.replace(",", "\n") + "\n", answer)


def draw(habits: Habits, chance: Random, most: int, extracting: float) -> Chain:
    """A chain at random, with ``most`` digits; a share of them ``extracting``."""
    if chance.random() < extracting:
        return extracted(line(chance, min(most, MOST_IN_LINE)), habits, chance)
    return added(digits(chance, most), habits, chance)


def held(chain: Chain, thought: str, chance: Random) -> str:
    """The answer that a model holds after a part of a chain of thought.

    When adding: the last result; before there is one, the last total; before that, a guess. When
    extracting: the digits that are tagged so far.
    """
    if chain.prompt.startswith(EXTRACT.format("")):
        whole = [part for part in thought.split("\n") if part[1:].isdigit()]
        return ",".join([*whole, f"{TAGS[len(whole)]}?"])
    totals = [part for part in thought.split("\n") if part[-2:-1] == "=" and part[-1:].isdigit()]
    results = [total for total in totals if "?" in total]
    if results or totals:
        return (results or totals)[-1][-1]
    return str(chance.randrange(10))

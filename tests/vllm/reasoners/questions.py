"""Questions for the tiny reasoners, drawn by seed: run by any Python, or imported.

    python questions.py --seed 0 --count 40 > questions.jsonl
    python questions.py --task stages --seed 0 --count 40 > lines.jsonl

``sum`` asks for the sum of three to twelve digits modulo 10. ``stages`` asks for the same of
the digits in a line of letters and digits, in two steps: what `EXTRACT` makes of the line is
put to a model, and its answer, in `ADD`, to a model again.
"""

import argparse
import json
import sys
from random import Random
from typing import NamedTuple

ADD = "Add the digits modulo 10.\n{}"
"""What is asked of tagged digits, as ``a4,b9,c2,d?``: the answer is one digit."""

EXTRACT = "Extract the digits.\n{}"
"""What is asked of a line, as ``aKQ4bT9cZB2d.``: the answer is its digits, tagged."""

TAGS = "abcdefghijklm"
"""The tags of digits, in order; the tag after the last digit stands before a question mark."""

FEWEST, MOST = 3, 12
"""Digits of a question."""

MOST_IN_LINE = 8
"""Digits of a line."""

CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Line(NamedTuple):
    """A line of letters and digits."""

    text: str
    """Before each digit its tag and one to three capitals, which mean nothing."""

    digits: list[int]


def digits(chance: Random, most: int = MOST) -> list[int]:
    """Three digits or more, at random."""
    return [chance.randrange(10) for _ in range(chance.randint(FEWEST, most))]


def tagged(of: list[int]) -> str:
    """Digits with their tags: ``a4,b9,c2,d?``."""
    items = [f"{tag}{digit}" for tag, digit in zip(TAGS, of, strict=False)]
    return ",".join([*items, f"{TAGS[len(of)]}?"])


def line(chance: Random, most: int = MOST_IN_LINE) -> Line:
    """A line at random."""
    drawn = digits(chance, most)
    parts = [
        f"{tag}{''.join(chance.choices(CAPITALS, k=chance.randint(1, 3)))}{digit}"
        for tag, digit in zip(TAGS, drawn, strict=False)
    ]
    return Line("".join(parts) + f"{TAGS[len(drawn)]}.", drawn)


def sums(seed: int, count: int) -> list[dict[str, str]]:
    """Questions of the task ``sum``: ``id``, ``question``, ``answer``."""
    chance = Random(f"sum {seed}")
    drawn = [digits(chance) for _ in range(count)]
    return [
        {
            "id": f"sum-{seed}-{place:03}",
            "question": ADD.format(tagged(question)),
            "answer": str(sum(question) % 10),
        }
        for place, question in enumerate(drawn)
    ]


def stages(seed: int, count: int) -> list[dict[str, str]]:
    """Questions of the task ``stages``: ``id``, ``question`` (the line), ``extracted``, ``answer``.

    ``extracted`` is the right answer of the first stage.
    """
    chance = Random(f"stages {seed}")
    drawn = [line(chance) for _ in range(count)]
    return [
        {
            "id": f"stages-{seed}-{place:03}",
            "question": question.text,
            "extracted": tagged(question.digits),
            "answer": str(sum(question.digits) % 10),
        }
        for place, question in enumerate(drawn)
    ]


TASKS = {"sum": sums, "stages": stages}


def main() -> None:
    """Writes questions to stdout, one JSON object a line."""
    words = argparse.ArgumentParser(description="Draws questions for the tiny reasoners.")
    words.add_argument("--task", choices=TASKS, default="sum")
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--count", type=int, default=40)
    options = words.parse_args()
    for question in TASKS[options.task](options.seed, options.count):
        sys.stdout.write(json.dumps(question) + "\n")


if __name__ == "__main__":
    main()

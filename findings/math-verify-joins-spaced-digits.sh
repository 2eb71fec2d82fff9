#!/usr/bin/env bash
# Guess:    a thin space between the digit groups of a number changes nothing, or makes the answer
#           unreadable.
# Happens:  math-verify 0.9.0 multiplies or adds what stands side by side: 73\,000 and 21\,000 are
#           both 0, so they are equal to each other, and 12\,345 is 357.
# Matters:  models write \, in large numbers, the answers of counting problems. Wrong answers are
#           scored as right and vote together, and the right one, 73000, is scored as wrong.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check 'math-verify[antlr4_13_2]==0.9.0'
env/bin/python - <<'PY'
from importlib.metadata import version

from math_verify import parse, verify


def value(answer: str) -> object:
    return parse(f"\\boxed{{{answer}}}")[0]


def equal(first: str, second: str) -> bool:
    return verify(parse(f"\\boxed{{{first}}}"), parse(f"\\boxed{{{second}}}"))


print("math-verify", version("math-verify"))
print(r"12\,345 is", value(r"12\,345"))
print(r"73\,000 = 21\,000:", equal(r"73\,000", r"21\,000"))
print(r"73\,000 = 73000:", equal(r"73\,000", "73000"))
assert str(value(r"12\,345")) == "357"
assert equal(r"73\,000", r"21\,000")
assert not equal(r"73\,000", "73000")
PY
# Seen:
#   math-verify 0.9.0
#   12\,345 is 357
#   73\,000 = 21\,000: True
#   73\,000 = 73000: False

#!/usr/bin/env bash
# Guess:    math-verify's verify() is an equality, so answers can be grouped by it for a vote.
# Happens:  in math-verify 0.9.0, 25\% is equal to 25 and to 0.25, while 25 and 0.25 are unequal; and
#           a word of letters is equal to the same letters in any order, since it is read as a
#           product of variables.
# Matters:  a vote that joins answers pair by pair gives other counts for another order of the same
#           samples, and words such as the names of geometric figures merge. Give each answer one
#           form first and compare forms; use verify() against a gold answer alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check 'math-verify[antlr4_13_2]==0.9.0'
env/bin/python - <<'PY'
from importlib.metadata import version

from math_verify import parse, verify


def equal(first: str, second: str) -> bool:
    return verify(parse(f"\\boxed{{{first}}}"), parse(f"\\boxed{{{second}}}"))


pairs = [("25\\%", "25"), ("25\\%", "0.25"), ("25", "0.25"), ("PQRS", "SRQP")]
seen = {pair: equal(*pair) for pair in pairs}
print("math-verify", version("math-verify"))
for (first, second), verdict in seen.items():
    print(f"{first} = {second}: {verdict}")
assert list(seen.values()) == [True, True, False, True], seen
PY
# Seen:
#   math-verify 0.9.0
#   25\% = 25: True
#   25\% = 0.25: True
#   25 = 0.25: False
#   PQRS = SRQP: True

#!/usr/bin/env bash
# Guess:    a GBNF grammar admits the same texts whichever backend enforces it.
# Happens:  llguidance 1.9.1, vLLM's backend "guidance", makes one lexeme of every rule that holds
#           characters alone, and its lexer never gives back what it took. A range such as 1..64 has
#           a derivation in the grammar below, yet the second full stop is refused. No error is
#           reported: the model is steered to something else.
# Matters:  constrained programs and answers change with the backend, and vLLM's "auto" chooses one
#           for each request. Write terminals out in the rules that use them, and decode samples of
#           your own texts under each backend before a run.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check llguidance==1.9.1
env/bin/python - <<'PY'
from importlib.metadata import version

import llguidance

ONE_RULE = r'''
root ::= number ".." number
number ::= digits ("." digits)?
digits ::= [0-9]{1,9}
'''
WRITTEN_OUT = r'''
root ::= [0-9] [0-9]? ("." [0-9])? ".." [0-9] [0-9]? ("." [0-9])?
'''


def accepted(grammar: str, text: str) -> str:
    """The part of a text that the matcher accepts, byte by byte."""
    matcher = llguidance.LLMatcher(
        llguidance.LLTokenizer("byte"), llguidance.grammar_from("grammar", grammar)
    )
    assert not matcher.get_error(), matcher.get_error()
    taken = 0
    for byte in text.encode():
        if not matcher.try_consume_tokens([byte]):
            break
        taken += 1
    return text[:taken]


print("llguidance", version("llguidance"))
seen = {
    "rules of characters": accepted(ONE_RULE, "1..64"),
    "written out": accepted(WRITTEN_OUT, "1..64"),
}
for what, text in seen.items():
    print(f"{what}: accepts {text!r} of '1..64'")
assert seen["rules of characters"] != "1..64", seen
assert seen["written out"] == "1..64", seen
PY
# Seen:
#   llguidance 1.9.1
#   rules of characters: accepts '1.' of '1..64'
#   written out: accepts '1..64' of '1..64'

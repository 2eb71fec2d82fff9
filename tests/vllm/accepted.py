"""Says which texts a grammar accepts, as vLLM's own library has it: run by the Python of vLLM.

    python accepted.py FILE

FILE holds ``{"grammar": "…", "texts": ["…"]}``; prints a JSON list of truths.
"""

import json
import sys
from pathlib import Path

import xgrammar
from xgrammar.testing import _is_grammar_accept_string as accepts

told = json.loads(Path(sys.argv[1]).read_text())
grammar = xgrammar.Grammar.from_ebnf(told["grammar"])
sys.stdout.write(json.dumps([accepts(grammar, text) for text in told["texts"]]))

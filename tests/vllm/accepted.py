"""Says which texts a grammar accepts, as a backend of vLLM has it: run by the Python of vLLM.

    python accepted.py FILE

FILE holds ``{"grammar": "…", "texts": ["…"], "backend": "xgrammar"}``, or ``guidance`` in its
place; prints a JSON list of truths.
"""

import json
import sys
from pathlib import Path


def by_xgrammar(rules: str, texts: list[str]) -> list[bool]:
    """What xgrammar accepts."""
    import xgrammar
    from xgrammar.testing import _is_grammar_accept_string as accepts

    grammar = xgrammar.Grammar.from_ebnf(rules)
    return [bool(accepts(grammar, text)) for text in texts]


def by_guidance(rules: str, texts: list[str]) -> list[bool]:
    """What guidance accepts, with the grammar as vLLM hands it over."""
    import llguidance
    from vllm.v1.structured_output.backend_guidance import serialize_guidance_grammar
    from vllm.v1.structured_output.backend_types import StructuredOutputOptions

    grammar = serialize_guidance_grammar(StructuredOutputOptions.GRAMMAR, rules)
    tokens = llguidance.LLTokenizer("byte")
    found = []
    for text in texts:
        matcher = llguidance.LLMatcher(tokens, grammar)
        wanted = tokens.tokenize_str(text)
        taken = matcher.try_consume_tokens(wanted)
        found.append(taken == len(wanted) and matcher.is_accepting())
    return found


document = json.loads(Path(sys.argv[1]).read_text())
by = {"xgrammar": by_xgrammar, "guidance": by_guidance}[document["backend"]]
sys.stdout.write(json.dumps(by(document["grammar"], document["texts"])))

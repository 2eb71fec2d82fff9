"""``rheostat card``: all of Rheo on one page, for the prompt of a language model."""

import click

from harness.cli.declare import command, document_options
from harness.cli.output import Output


@command(
    "card",
    examples=[
        ("rheostat card", "Prints the language card."),
        ("rheostat card -o card.md", "Keeps it, to put it into a prompt."),
        ("rheostat card --grammar -o rheo.gbnf", "Keeps the grammar for a server that decodes."),
    ],
)
@click.option(
    "--tokens", is_flag=True, help="Print what the card costs in a prompt instead, estimated."
)
@click.option(
    "--grammar",
    is_flag=True,
    help="Print the grammar for constrained decoding instead: GBNF, as vLLM and llama.cpp take it.",
)
@document_options
def card(out: Output, tokens: bool, grammar: bool) -> None:
    """Prints the language card, Rheo on one page.

    It is for the prompts of language models that write controllers. Its cost is estimated as the
    larger of 1.4 tokens a word and a token for 3.5 characters, more than common tokenisers make.
    """
    from dsl.card import card as language_card
    from dsl.card import estimated_tokens

    if grammar:
        from dsl.decoding import decoding_grammar

        rules = decoding_grammar()
        out.document({"grammar": rules}, rules.rstrip("\n"))
        return
    text = language_card()
    cost = estimated_tokens(text)
    out.document({"card": text, "tokens": cost}, str(cost) if tokens else text)

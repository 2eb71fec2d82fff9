"""``rheostat card``: a language on one page, for the prompt of a language model."""

import click

from harness.cli.declare import command, document_options
from harness.cli.output import Output


@command(
    "card",
    examples=[
        ("rheostat card", "Prints the language card."),
        ("rheostat card -o card.md", "Keeps it, to put it into a prompt."),
        ("rheostat card --language python", "The same for controllers in Python."),
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
@click.option(
    "--language",
    type=click.Choice(("rheo", "python")),
    default="rheo",
    show_default=True,
    help="The language that controllers are written in.",
)
@document_options
def card(out: Output, tokens: bool, grammar: bool, language: str) -> None:
    """Prints the language card, a language on one page.

    It is for the prompts of language models that write controllers. Its cost is estimated as the
    larger of 1.4 tokens a word and a token for 3.5 characters, more than common tokenisers make.
    """
    from dsl.card import card as language_card
    from dsl.card import estimated_tokens
    from harness.errors import InputError
    from harness.request.foreign import known_language

    if grammar:
        if language != "rheo":
            raise InputError("--grammar: is that of Rheo; leave --language out")
        from dsl.decoding import decoding_grammar

        rules = decoding_grammar()
        out.document({"grammar": rules}, rules.rstrip("\n"))
        return
    text = language_card() if language == "rheo" else known_language("card.py").card()
    cost = estimated_tokens(text)
    out.document({"card": text, "tokens": cost}, str(cost) if tokens else text)

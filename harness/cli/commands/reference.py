"""Commands that print reference material: ``rheostat card``, ``explain`` and ``library``."""

import click

from harness.cli import shell_completion
from harness.cli.declarations import command, document_options, output_options
from harness.cli.output import Output


@command(
    "card",
    examples=[
        ("rheostat card", "Print the language reference card."),
        ("rheostat card -o card.md", "Save it, for use in a prompt."),
        ("rheostat card --language python", "Print the card for controllers in Python."),
        ("rheostat card --grammar -o rheo.gbnf", "Save the grammar for constrained decoding."),
    ],
)
@click.option("--tokens", is_flag=True, help="Print the estimated token cost of the card instead.")
@click.option(
    "--grammar",
    is_flag=True,
    help="Print the grammar for constrained decoding instead: GBNF, as vLLM and llama.cpp read it.",
)
@click.option(
    "--language",
    type=click.Choice(("rheo", "python")),
    default="rheo",
    show_default=True,
    help="Language that controllers are written in.",
)
@document_options
def card(out: Output, tokens: bool, grammar: bool, language: str) -> None:
    """Print the language reference card: the language on one page.

    The card is meant for the prompts of language models that write controllers. Its cost is
    estimated as the larger of 1.4 tokens per word and one token per 3.5 characters, which is more
    than common tokenizers produce.

    Args:
        out: Where to write the result, and in which format.
        tokens: Whether to print the estimated tokens of the card in place of it.
        grammar: Whether to print the grammar in place of the card.
        language: Language of the controllers: ``rheo`` or ``python``.
    """
    from dsl.card import estimated_tokens
    from dsl.card import render_card as language_card
    from harness.errors import InputError
    from harness.request.foreign import require_language

    if grammar:
        if language != "rheo":
            raise InputError("--grammar: only Rheo has a grammar; leave out --language")
        from dsl.decoding import decoding_grammar

        rules = decoding_grammar()
        out.document({"grammar": rules}, rules.rstrip("\n"))
        return
    text = language_card() if language == "rheo" else require_language("card.py").card()
    cost = estimated_tokens(text)
    out.document({"card": text, "tokens": cost}, str(cost) if tokens else text)


@command(
    "explain",
    examples=[
        ("rheostat explain RH301", "Explain a code, with a wrong and a correct program."),
        ("rheostat explain importing", "Print a page of the documentation."),
        ("rheostat explain", "List all codes and pages."),
        ("rheostat explain RH301 --json", "Write the explanation as JSON."),
    ],
)
@click.argument(
    "code",
    required=False,
    metavar="[CODE|PAGE]",
    help="Code of a message, or name of a page.",
    shell_complete=shell_completion.complete_codes,
)
@output_options
def explain(out: Output, code: str | None) -> None:
    """Explain the code of a message, or print a page of the docs.

    Without an argument, all codes and pages are listed. --csv applies to this list only.
    """
    from textwrap import fill

    from dsl.codes import explanations, is_warning
    from harness.cli import pages
    from harness.errors import InputError
    from harness.presentation.table import Column, Table

    known = explanations()
    if code is None:
        rows = [
            (one.code, "warning" if is_warning(one.code) else "error", one.title)
            for one in known.values()
        ]
        rows += [(name, "page", pages.title(name)) for name in pages.page_names()]
        out.table(Table([Column("code"), Column("severity"), Column("meaning")], rows))
        return
    name = code.rpartition("/")[2].removesuffix(".md").lower()
    text = pages.page(name)
    if text is not None:
        out.document({"page": name, "title": pages.title(name), "text": text}, text)
        return
    explanation = known.get(code.upper())
    if explanation is None:
        hint = _nearest(code, [*known, *pages.page_names()])
        raise InputError(f"there is no code or page {code}", hint=hint)
    body = fill(explanation.text, 80, break_on_hyphens=False)
    text = f"{explanation.code}: {explanation.title}\n\n{body}\n"
    if explanation.wrong is not None and explanation.right is not None:
        text += (
            f"\nWrong:\n\n{_indented(explanation.wrong)}\nRight:\n\n{_indented(explanation.right)}"
        )
    severity = "warning" if is_warning(explanation.code) else "error"
    out.document({**explanation._asdict(), "severity": severity}, text)


def _indented(program: str) -> str:
    return "".join(f"  {line}".rstrip() + "\n" for line in program.splitlines())


def _nearest(code: str, known: list[str]) -> str:
    """Return the nearest code, by its number where it has one."""
    from harness.messages import suggest

    digits = "".join(filter(str.isdigit, code))
    return suggest(f"RH{digits}" if digits else code, known, "rheostat explain lists all of them")


@command(
    "library",
    examples=[
        ("rheostat library", "List the controllers."),
        ("rheostat library cmc > mine.rheo", "Copy one as a starting point."),
        ("rheostat library --json", "List them as JSON."),
    ],
)
@click.argument(
    "name",
    required=False,
    metavar="[NAME]",
    help="Controller to print.",
    shell_complete=shell_completion.complete_library_names,
)
@output_options
def library(out: Output, name: str | None) -> None:
    """List the controllers of the library, or print one.

    The library holds controllers from the literature and a few of our own, written in Rheo. A
    recording must hold the signals that a controller needs. --csv applies to the list only. Sources
    are shortened on a terminal, and complete elsewhere.
    """
    from dsl.library import NAMES, load_entry, load_source
    from harness.errors import InputError
    from harness.messages import suggest
    from harness.presentation.table import Column, Table

    if name is None:
        rows = []
        for entry in map(load_entry, NAMES):
            source = _about(entry.about)["source"]
            shown = _shorten_source(source) if out.is_drawn else source
            rows.append((entry.name, entry.title, ", ".join(sorted(entry.needs)), shown))
        columns = [Column("name"), Column("title"), Column("needs"), Column("source")]
        out.table(Table(columns, rows))
        return
    name = name.removesuffix(".rheo")
    if name not in NAMES:
        meant = suggest(name, NAMES, f"choose from {', '.join(NAMES)}")
        raise InputError(f"the library has no controller {name}; {meant}")
    entry, text = load_entry(name), load_source(name).text
    about = {"name": name, "title": entry.title, **_about(entry.about)}
    out.document({**about, "program": text}, text)


def _about(comment: str) -> dict[str, str]:
    """Split an opening comment into what the controller does and where it comes from."""
    does, _, source = comment.partition("\nSource: ")
    return {"about": " ".join(does.split()), "source": " ".join(source.split()).rstrip(".")}


_AUTHORS = 4
"""The most words of a clause that names the authors of a paper, or a method."""


def _shorten_source(source: str) -> str:
    """Return the authors and the number of a paper, or the first clause of another source."""
    first, *clauses = source.split(", ")
    if not clauses:
        return source
    *_, before, last = first, *clauses
    return f"{before}, {last}" if len(before.split()) <= _AUTHORS else first

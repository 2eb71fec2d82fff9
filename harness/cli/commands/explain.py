"""``rheostat explain``: what the code of a message means, and the pages of the documentation."""

import click

from harness.cli import completing
from harness.cli.declare import command, output_options
from harness.cli.output import Output


@command(
    "explain",
    examples=[
        ("rheostat explain RH301", "Explains a code, with a wrong and a right program."),
        ("rheostat explain importing", "Prints a page of the documentation."),
        ("rheostat explain", "Lists all codes and pages."),
        ("rheostat explain RH301 --json", "Gives the explanation as JSON."),
    ],
)
@click.argument(
    "code",
    required=False,
    metavar="[CODE|PAGE]",
    help="The code of a message, or the name of a page.",
    shell_complete=completing.codes,
)
@output_options
def explain(out: Output, code: str | None) -> None:
    """Explains the code of a message about a program, or prints a page of the documentation.

    Without an argument it lists all codes and pages. The list is a table, so --csv goes with it; an
    explanation is none.
    """
    from textwrap import fill

    from dsl.codes import explanations, is_warning
    from harness.cli import pages
    from harness.cli.table import Column, Table
    from harness.errors import InputError

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
    found = known.get(code.upper())
    if found is None:
        hint = _nearest(code, [*known, *pages.page_names()])
        raise InputError(f"there is no code and no page {code}", hint=hint)
    text = f"{found.code}: {found.title}\n\n{fill(found.text, 80, break_on_hyphens=False)}\n"
    if found.wrong is not None and found.right is not None:
        text += f"\nWrong:\n\n{_indented(found.wrong)}\nRight:\n\n{_indented(found.right)}"
    severity = "warning" if is_warning(found.code) else "error"
    out.document({**found._asdict(), "severity": severity}, text)


def _indented(program: str) -> str:
    return "".join(f"  {line}".rstrip() + "\n" for line in program.splitlines())


def _nearest(code: str, known: list[str]) -> str:
    """The nearest code, by its number where it has one."""
    from dsl.spelling import nearest

    digits = "".join(filter(str.isdigit, code))
    near = nearest(f"RH{digits}" if digits else code, known)
    return f"did you mean {near}?" if near else "rheostat explain lists them all"

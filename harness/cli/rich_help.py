"""Render help pages with rich-click, for terminals.

Import this only to render a page: ordinary commands do not need it, and a piped page is click's
plain text.
"""

from collections.abc import Sequence
from inspect import cleandoc
from typing import TYPE_CHECKING, cast

import click
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich_click.rich_command import RichCommand
from rich_click.rich_context import RichContext
from rich_click.rich_help_configuration import RichHelpConfiguration
from rich_click.rich_help_rendering import get_rich_help_text, get_rich_usage
from rich_click.rich_panel import construct_panels

if TYPE_CHECKING:
    from harness.cli.declarations import Example
    from harness.cli.field_help import FieldSection

_WIDEST = 100
"""The widest help page: longer lines are hard to read."""


def render(
    page: click.Command,
    ctx: click.Context,
    examples: Sequence["Example"],
    fields: Sequence["FieldSection"] = (),
) -> str:
    """Return the help page of a command with escape sequences.

    Args:
        page: The command.
        ctx: Its context.
        examples: The examples at the end.
        fields: The fields of a file that it reads, by object.
    """
    # rich-click renders plain commands too; its annotations are too narrow.
    command = cast("RichCommand", page)
    config = RichHelpConfiguration(
        max_width=_WIDEST,
        force_terminal=True,
        show_arguments=True,
        text_markup=None,
        text_paragraph_linebreaks="\n\n",
        padding_helptext_first_line=(0, 0, 1 if "\n\n" in cleandoc(page.help or "") else 0, 0),
        style_options_panel_border="dim",
        style_commands_panel_border="dim",
        theme="default-slim",
    )
    rich_ctx = RichContext(
        command, parent=ctx.parent, info_name=ctx.info_name, rich_help_config=config
    )
    formatter = rich_ctx.make_formatter()
    get_rich_usage(formatter, ctx.command_path, " ".join(command.collect_usage_pieces(ctx)))
    get_rich_help_text(command, rich_ctx, formatter)
    for panel in construct_panels(command, rich_ctx, formatter):
        rendered = panel.render(command, rich_ctx, formatter)
        if isinstance(rendered.renderable, Table) and rendered.renderable.rows:
            formatter.write(rendered)
    for section in fields:
        formatter.write(Padding(Text(section.title, style="bold"), (0, 0, 0, 1)))
        grid = Table.grid(padding=(0, 2))
        for name, meaning in section.fields:
            grid.add_row(Text(name, style="cyan"), Text(meaning))
        formatter.write(Padding(grid, (0, 0, 1, 3)))
    if examples:
        formatter.write(Padding(Text("Examples", style="bold"), (0, 0, 0, 1)))
        for example in examples:
            formatter.write(Padding(Text(example.line, style="cyan"), (0, 0, 0, 3)))
            formatter.write(Padding(Text(example.does), (0, 0, 0, 5)))
    return formatter.getvalue().rstrip("\n")

"""``rheostat completion``: prints the script that makes a shell complete the command line."""

import click

from harness.cli.declare import command
from harness.cli.output import emit_text

_INSTALL = {
    "bash": "rheostat completion bash > ~/.local/share/bash-completion/completions/rheostat",
    "zsh": "rheostat completion zsh > ~/.zfunc/_rheostat\n"
    "# with these two lines in ~/.zshrc:  fpath+=~/.zfunc;  autoload -Uz compinit && compinit",
    "fish": "rheostat completion fish > ~/.config/fish/completions/rheostat.fish",
}


@command(
    "completion",
    examples=[
        ('eval "$(rheostat completion bash)"', "Completes in this shell only."),
        (
            "rheostat completion fish > ~/.config/fish/completions/rheostat.fish",
            "Completes in every new fish.",
        ),
    ],
)
@click.argument(
    "shell",
    type=click.Choice(sorted(_INSTALL)),
    metavar="SHELL",
    help="The shell to write the script for: bash, fish or zsh.",
)
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Prints a shell's completion script.

    The script's first lines say how to install it.
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"click cannot complete for {shell}", ctx)
    root = ctx.find_root()
    script = found(root.command, {}, "rheostat", "_RHEOSTAT_COMPLETE").source()
    # zsh reads what a script completes off its very first line, so that one stays in front.
    first, _, rest = script.partition("\n")
    note = f"# To install:\n# {_INSTALL[shell]}"
    lines = [first, note, rest] if first.startswith("#compdef") else [note, script]
    emit_text("\n".join(lines))

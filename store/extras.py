"""How an extra of rheostat is installed: one way, for all messages."""


def install_command(*extras: str) -> str:
    """Return the command that installs rheostat with extras, from the root of its source.

    Args:
        extras: their names, as pyproject.toml has them.
    """
    return f'pipx install --force ".[{",".join(extras)}]"'

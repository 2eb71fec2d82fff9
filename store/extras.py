"""How an extra of rheostat is installed: one way, for all messages."""

import sys
from pathlib import Path

_INSTALLERS = {
    "pipx_metadata.json": "pipx install --force",
    "uv-receipt.toml": "uv tool install --force",
}
"""Files at the root of an environment, by which tools know those that they made."""


def install_command(*extras: str) -> str:
    """Return the command that installs rheostat with extras, from the root of its source.

    It is that of the tool that manages the environment: pipx, uv, or else pip.

    Args:
        extras: their names, as pyproject.toml has them.
    """
    root = Path(sys.prefix)
    made = (command for file, command in _INSTALLERS.items() if (root / file).is_file())
    return f'{next(made, "pip install")} ".[{",".join(extras)}]"'

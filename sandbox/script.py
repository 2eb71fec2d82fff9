"""A controller in Python as a file: read, and held to the policy before anything is started."""

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from harness.errors import InputError
from sandbox.python.policy import MOST_CODE, examine

SUFFIX = ".py"


class Script(NamedTuple):
    """A controller that the policy admits."""

    name: str
    """What results and messages call it: its path, or a name."""
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text, byte for byte."""
        return sha256(self.text.encode()).hexdigest()


def read(path: Path) -> Script:
    """Reads a controller.

    Raises:
        InputError: it is no text, or the policy does not admit it; with the place and the reason.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(4 * MOST_CODE + 1)
    try:
        text = data.decode()
    except UnicodeDecodeError as problem:
        raise InputError(f"{path}: is not UTF-8 at byte {problem.start}") from None
    return admitted(Script(str(path), text))


def admitted(script: Script) -> Script:
    """The same script, if the policy admits it.

    Raises:
        InputError: with the first thing that it does not admit.
    """
    findings = examine(script.text)
    if findings:
        first = findings[0]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        raise InputError(
            f"{script.name}:{first.line}:{first.column}: {first.reason}{more}",
            hint="docs/python-controllers.md says what a controller may use",
        )
    return script

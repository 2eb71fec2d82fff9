"""A Python controller file: read it and check it against the policy."""

import ast
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from dsl.excerpt import TAB, escape_control_characters
from dsl.findings import FileFindings, Finding, SourceLocation
from dsl.source import Source
from harness.errors import InputError
from sandbox.python.policy import MOST_CODE, examine
from sandbox.python.policy import PolicyFinding as Refusal

SUFFIX = ".py"

POLICY = "policy"
"""Code of findings in `rheostat check`."""


class Script(NamedTuple):
    """A controller that the policy admits."""

    name: str
    """Name in results and messages: its path, or a name."""
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text, byte for byte."""
        return sha256(self.text.encode()).hexdigest()


def read_script(path: Path) -> Script:
    """Read a controller.

    Raises:
        InputError: It is not text, or the policy does not admit it; with location and reason.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(4 * MOST_CODE + 1)
    try:
        text = data.decode()
    except UnicodeDecodeError as problem:
        raise InputError(f"{path}: is not UTF-8 at byte {problem.start}") from None
    return require_admitted(Script(str(path), text))


def require_admitted(script: Script) -> Script:
    """Return the same script if the policy admits it.

    Raises:
        InputError: The first policy violation.
    """
    findings = examine(script.text)
    if findings:
        first = findings[0]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        raise InputError(
            f"{script.name}:{first.line}:{first.column}: {first.reason}{more}",
            hint="`rheostat explain python-controllers` says what a controller may use",
        )
    return script


def diagnose_script(script: Script) -> str:
    """Format all policy violations, each with its source line; empty if there are none."""
    lines = script.text.splitlines()
    told = []
    for found in examine(script.text):
        number, margin = str(found.line), " " * len(str(found.line))
        text = lines[found.line - 1] if 0 < found.line <= len(lines) else ""
        before = escape_control_characters(text[: found.column - 1].expandtabs(TAB))
        told.append(
            f"error: {escape_control_characters(found.reason)}\n"
            f"{margin}--> {escape_control_characters(script.name)}:{found.line}:{found.column}\n"
            f"{margin} |\n"
            f"{number} | {escape_control_characters(text.expandtabs(TAB))}\n"
            f"{margin} | {' ' * len(before)}^"
        )
    return "\n\n".join(told)


def list_findings(script: Script) -> FileFindings:
    """Return all policy violations as records."""
    source, found = Source(script.text, script.name), examine(script.text)
    return FileFindings(
        file=script.name,
        sound=not found,
        controller=None if found else Path(script.name).stem,
        diagnostics=[_finding(source, each) for each in found],
        signals=[],
        probes=True,
        knobs=[],
        schedule=[],
    )


def _finding(source: Source, found: Refusal) -> Finding:
    line = source.line(found.line) if found.line <= source.lines else ""
    before = sum(len(source.line(number)) + 1 for number in range(1, found.line))
    column = min(found.column, len(line) + 1)
    place = SourceLocation(found.line, column, before + column - 1)
    return Finding(POLICY, "error", found.reason, place, place, "", [], None, None)


def extract_title(tree: ast.Module) -> str:
    """Return the title of a controller: the first line of its docstring, or its module's."""
    own = [each for each in tree.body if isinstance(each, ast.FunctionDef)]
    found = [each for each in own if each.name == "controller"]
    said = (found and ast.get_docstring(found[-1])) or ast.get_docstring(tree) or ""
    return said.partition("\n")[0].strip().rstrip(".")

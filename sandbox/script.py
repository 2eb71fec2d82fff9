"""A Python controller file: read it and check it against the policy."""

import ast
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from dsl.excerpt import TAB, escape_control_characters
from dsl.findings import FileFindings, Finding, SourceLocation
from dsl.python_source import parse_python
from dsl.source import Source
from harness.errors import InputError
from sandbox.python.policy import FILE, MOST_CODE, examine
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
            hint="see `rheostat explain python-controllers` for what a controller may use",
        )
    return script


def find_read_attributes(text: str) -> frozenset[str]:
    """Return the names of all attributes that a controller reads, of whatever value.

    Args:
        text: The code of a controller that the policy admits, which reads no attribute otherwise.
    """
    nodes = ast.walk(parse_python(text, FILE))
    return frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute))


def diagnose_script(script: Script) -> str:
    """Format all policy violations, each with its source line; empty if there are none."""
    lines = script.text.splitlines()
    diagnostics = []
    for finding in examine(script.text):
        number, margin = str(finding.line), " " * len(str(finding.line))
        text = lines[finding.line - 1] if 0 < finding.line <= len(lines) else ""
        before = escape_control_characters(text[: finding.column - 1].expandtabs(TAB))
        diagnostics.append(
            f"error: {escape_control_characters(finding.reason)}\n"
            f"{margin}--> {escape_control_characters(script.name)}:"
            f"{finding.line}:{finding.column}\n"
            f"{margin} |\n"
            f"{number} | {escape_control_characters(text.expandtabs(TAB))}\n"
            f"{margin} | {' ' * len(before)}^"
        )
    return "\n\n".join(diagnostics)


def list_findings(script: Script) -> FileFindings:
    """Return all policy violations as records."""
    source, refusals = Source(script.text, script.name), examine(script.text)
    return FileFindings(
        file=script.name,
        sound=not refusals,
        controller=None if refusals else Path(script.name).stem,
        diagnostics=[_finding(source, refusal) for refusal in refusals],
        signals=[],
        probes=True,
        knobs=[],
        schedule=[],
    )


def _finding(source: Source, refusal: Refusal) -> Finding:
    line = source.line(refusal.line) if refusal.line <= source.lines else ""
    before = sum(len(source.line(number)) + 1 for number in range(1, refusal.line))
    column = min(refusal.column, len(line) + 1)
    location = SourceLocation(refusal.line, column, before + column - 1)
    return Finding(POLICY, "error", refusal.reason, location, location, "", [], None, None)


def extract_title(tree: ast.Module) -> str:
    """Return the title of a controller: the first line of its docstring, or its module's."""
    own = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    controllers = [function for function in own if function.name == "controller"]
    docstring = (
        (controllers and ast.get_docstring(controllers[-1])) or ast.get_docstring(tree) or ""
    )
    return docstring.partition("\n")[0].strip().rstrip(".")

"""Help and messages need nothing but the program: pages, fields, extras."""

import re
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from harness.cli.pages import page, page_names
from store.extras import install_command
from store.jsonl import BranchLine, QuestionLine
from tests.command_lines import CommandLine

ROOT = Path(__file__).parents[2]
PACKAGES = ("store", "dsl", "harness", "sandbox", "agents", "tui")


def test_every_page_of_the_documentation_is_in_the_wheel() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    pages = sorted(path.name for path in (ROOT / "docs").glob("*.md"))
    assert included == {f"docs/{name}": f"harness/docs/{name}" for name in pages}


@pytest.mark.parametrize("name", page_names())
def test_a_page_is_printed_and_its_links_name_commands(cli: CommandLine, name: str) -> None:
    result = cli("explain", name)
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("# ")
    assert ".md)" not in re.sub(r"\(\.\./[^)]*\)", "", result.out)
    named = set(re.findall(r"`rheostat explain ([a-z-]+)`", result.out))
    assert named <= set(page_names())


@pytest.mark.parametrize("written", ["importing", "docs/importing.md", "Importing"])
def test_a_page_is_also_found_by_its_file_name(cli: CommandLine, written: str) -> None:
    assert cli("explain", written).out == page("importing")


def test_a_misspelt_page_suggests_the_nearest(cli: CommandLine) -> None:
    result = cli("explain", "colecting")
    assert (result.status, result.out) == (2, "")
    assert (
        result.err == "error: there is no code or page colecting\nhint: did you mean collecting?\n"
    )


def test_no_message_and_no_help_sends_a_user_to_a_file_of_the_source() -> None:
    sent = [
        f"{path.name}: {line.strip()}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for line in _without_short_docstrings(path).splitlines()
        if re.search(r"\bdocs/[\w-]+\.md", line)
    ]
    assert sent == []


def _without_short_docstrings(path: Path) -> str:
    """A module without its own docstring and those of one line, which no user reads."""
    text = re.sub(r'\A""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r'""".*?"""\n', "", text)


def test_pages_named_in_messages_exist() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "harness").rglob("*.py"))
    named = set(re.findall(r"`rheostat explain\s+([a-z-]+)`", text))
    assert {"importing", "collecting", "live", "proxy"} <= named <= set(page_names())


def test_the_help_of_an_import_lists_every_field_with_its_type(cli: CommandLine) -> None:
    result = cli("import", "jsonl", "--help").out
    for record in (QuestionLine, BranchLine):
        for field in msgspec.structs.fields(record):
            assert re.search(rf"^  {field.encode_name}  +\w", result, re.MULTILINE), field
    assert re.search(r"^  logprob +list of numbers, optional: ", result, re.MULTILINE)
    assert re.search(r"^  tokens +whole number, optional: ", result, re.MULTILINE)


@pytest.mark.parametrize("command", ["collect", "run"])
def test_help_of_commands_that_read_questions_lists_their_fields(
    cli: CommandLine, command: str
) -> None:
    result = cli(command, "--help").out
    assert re.search(r"^  choices +list of strings, optional: ", result, re.MULTILINE)


BRANCH = '{"tokens": 9, "final": "1"}'
LINE = '{"question": "?", "answer": "1", "branches": [BRANCH]}'.replace("BRANCH", BRANCH)


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ('"answer"', '"anwser"', "`anwser`; did you mean `answer`?"),
        ('"tokens": 9', '"tokens": 9, "entropies": []', "`entropies`; did you mean `entropy`?"),
        (
            '"branches"', '"greedy": {"answer": "1", "token": 2}, "branches"',
            "`token`; did you mean `tokens`?",
        ),
        (
            '"branches"', '"colour": 1, "branches"',
            "`colour`; choose from question, answer, branches, id, choices, greedy, difficulty",
        ),
    ],
)  # fmt: skip
def test_an_unknown_field_suggests_the_nearest(
    cli: CommandLine, home: Path, right: str, wrong: str, problem: str
) -> None:
    assert right in LINE
    (home / "mine.jsonl").write_text(LINE.replace(right, wrong, 1) + "\n")
    result = cli(
        "import", "jsonl", "mine.jsonl", "--model", "m", "--benchmark", "b", "--interval", "5",
        "-o", "mine.recording",
    )  # fmt: skip
    assert result.status == 2
    assert result.err.endswith(f"unknown field {problem}\n")


def test_extras_are_installed_in_the_same_way_everywhere() -> None:
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = set(known["project"]["optional-dependencies"])
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    modules = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    for path in [*pages, *modules]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"pip install ['\"]?rheostat\[", text), path
        for result in re.findall(r"pipx install ([^`\n]*)\[([\w,]+)\]", text):
            assert result[0] == '--force ".', path
            assert set(result[1].split(",")) <= extras, path


@pytest.mark.parametrize(
    ("file", "command"),
    [
        (None, "pip install"),
        ("pipx_metadata.json", "pipx install --force"),
        ("uv-receipt.toml", "uv tool install --force"),
    ],
)
def test_extras_are_installed_by_the_tool_that_made_the_environment(
    file: str | None, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if file is not None:
        (tmp_path / file).touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert install_command("proxy", "collect") == f'{command} ".[proxy,collect]"'

"""What the project says about itself is so: dependencies, commands, licence, links."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def names(requirements: list[str]) -> list[str]:
    return [re.split(r"[\[<>=~!; ]", requirement)[0] for requirement in requirements]


def section(page: str, title: str) -> str:
    return page.split(f"## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    ("title", "requirements"),
    [
        ("At run time", PROJECT["project"]["dependencies"]),
        ("For development", PROJECT["dependency-groups"]["dev"]),
        ("For the documentation", PROJECT["dependency-groups"]["docs"]),
    ],
)
def test_every_dependency_has_a_bound_and_a_reason(title: str, requirements: list[str]) -> None:
    rows = section((ROOT / "docs" / "dependencies.md").read_text(), title)
    reasons = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", rows, re.MULTILINE))
    assert list(reasons) == sorted(names(requirements))
    assert all(len(reason.split()) > 2 for reason in reasons.values())
    assert [line for line in requirements if ">=" not in line] == []


def test_ci_runs_the_test_command_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    block = section(readme, "Demo and tests")
    commands = [line.split("#")[0].strip() for line in re.findall(r"^make .*$", block, re.M)]
    assert commands == ["make demo", "make test"]
    script = (ROOT / ".ci" / "run").read_text().splitlines()
    assert commands[1] in script
    assert script.index("make check") < script.index("make test") < script.index("make test-slow")


def test_ci_fails_loudly() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text()
    subprocess.run(["bash", "-n", script], check=True)


def test_every_documented_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    documented = {name for page in PAGES for name in re.findall(r"`?make ([a-z-]+)`?", code(page))}
    assert documented
    assert documented <= targets


def code(page: Path) -> str:
    """The parts of a page that are set as code."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", page.read_text(), re.DOTALL))


def test_the_site_lists_every_page_once() -> None:
    site = tomllib.loads((ROOT / "zensical.toml").read_text())
    listed = [
        page
        for entry in site["project"]["nav"]
        for value in entry.values()
        for page in ([value] if isinstance(value, str) else value)
    ]
    assert sorted(listed) == sorted(path.name for path in (ROOT / "docs").glob("*.md"))


def test_ci_builds_the_site() -> None:
    script = (ROOT / ".ci" / "run").read_text().splitlines()
    assert script.index("make check") < script.index("make docs") < script.index("make test")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_resolve(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_anchors_in_links_are_headings(page: Path) -> None:
    links = re.findall(r"\]\(([\w./-]*)#([\w-]+)\)", page.read_text())
    missing = [
        f"{target}#{anchor}"
        for target, anchor in links
        if anchor not in anchors(page.parent / target if target else page)
    ]
    assert missing == []


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page: of its headings, as GitHub derives them, and its ids."""
    text = page.read_text()
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", title.strip().lower()) for title in titles]
    ids = re.findall(r'id="([\w-]+)"', text)
    return {title.replace(" ", "-") for title in plain} | set(ids)


def test_the_licence_is_apache_in_full() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert PROJECT["project"]["license"] == "Apache-2.0"
    for words in ("Version 2.0, January 2004", "9. Accepting Warranty", "END OF TERMS"):
        assert words in text

"""The page about Python: its code runs, prints what the page says, and type-checks."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.python_pages import execute_page, python_blocks

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "python.md"


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_the_code_of_the_page_prints_what_it_says() -> None:
    page = execute_page(PAGE)
    assert Path("frontier.png").read_bytes().startswith(b"\x89PNG")
    assert page["run"].state == "ended"


@pytest.mark.slow
def test_the_code_of_the_page_type_checks(tmp_path: Path) -> None:
    code = "\n".join(block.code for block in python_blocks(PAGE))
    (tmp_path / "page.py").write_text(code)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental"]
    result = subprocess.run(
        [*command, "--config-file", str(ROOT / "pyproject.toml"), str(tmp_path / "page.py")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.stdout.startswith("Success"), result.stdout


def test_every_public_name_is_on_the_page() -> None:
    import agents.api
    import harness.api

    text = PAGE.read_text(encoding="utf-8")
    functions = [
        name
        for module in (harness.api, agents.api)
        for name in module.__all__
        if name[0].islower() or name in ("Recording", "Controller", "Discovery")
    ]
    assert [name for name in functions if f"`{name}" not in text] == []

"""Forms of other languages: one message each, and what follows is read as if they were right."""

from pathlib import Path

import pytest

from dsl.program import analyse_program
from dsl.source import Source
from tests.dsl.golden_cases import DIRECTORY, cases

CASES = cases(DIRECTORY / "foreign_forms.txt")

LATER_SLIP = "  finally { answer winner(alive) els winner(opened) }\n"


@pytest.mark.parametrize(
    "message", [case.said for case in CASES], ids=[case.title for case in CASES]
)
def test_one_mistake_gives_one_message(message: str) -> None:
    assert message.count("error[") + message.count("warning[") == 1


@pytest.mark.parametrize(
    "section",
    [
        "memory { trail = [1, 2]\n x = 0 }",
        "memory { tally = {}\n x = 0 }",
        "schedule {\n if beta > 0.5 {\n rising n = 8\n } else {\n rising n = 4\n }\n fixed k = 2 }",
        "knobs {\n let n = 4 in 1..8\n m = 2 in 1..8 }",
        "start { open 4\n stop('enough')\n }",
        'start { open 4\n stop if steps > 3\n }',
    ],
)  # fmt: skip
def test_later_mistake_is_reported_without_echoes(section: str) -> None:
    text = f"controller c {{\n{section}\n{LATER_SLIP}}}\n"
    codes = [diagnostic.code for diagnostic in analyse_program(Source(text)).diagnostics]
    assert len(codes) == 2
    assert codes[1] == "RH107"


@pytest.mark.parametrize("path", sorted(Path("dsl/library").glob("*.rheo")), ids=str)
def test_no_controller_of_the_library_has_such_a_form(path: Path) -> None:
    assert analyse_program(Source(path.read_text(encoding="utf-8"))).diagnostics == []

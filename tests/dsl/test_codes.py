"""Every code is explained, reachable, and its examples do what they say."""

import os
import re
from pathlib import Path

import pytest

import dsl
from dsl.allocation import analyse_allocation, is_allocation
from dsl.codes import Explanation, explanations, is_warning, render_codes_page
from dsl.diagnostics import Diagnostic
from dsl.parser import MAX_LENGTH
from dsl.program import analyse_program
from dsl.source import Source

ROOM = Path(dsl.__file__).parent
PAGE = ROOM.parent / "docs" / "diagnostics.md"
TOO_LONG = "RH114"
"""Its example would fill pages, so it is made here."""

FITTING = "RH806"
"""Of an allocation and a pipeline together; `tests.dsl.test_fitting` shows its example."""

EXPLAINED = list(explanations().values())
WITH_EXAMPLES = [one for one in EXPLAINED if one.code not in (TOO_LONG, FITTING)]


def told(program: str) -> list[Diagnostic]:
    source = Source(program)
    if is_allocation(source):
        return analyse_allocation(source).diagnostics
    return analyse_program(source).diagnostics


def codes(program: str) -> set[str]:
    return {diagnostic.code for diagnostic in told(program)}


def test_every_code_in_use_is_explained_and_every_explained_one_is_in_use() -> None:
    used = {
        code
        for path in ROOM.rglob("*.py")
        for code in re.findall(r'"(RH\d{3})"', path.read_text(encoding="utf-8"))
    }
    assert used == set(explanations())


@pytest.mark.parametrize("explained", WITH_EXAMPLES, ids=[one.code for one in WITH_EXAMPLES])
def test_a_wrong_example_shows_its_code_and_the_right_one_nothing(explained: Explanation) -> None:
    assert explained.wrong is not None
    assert explained.right is not None
    assert codes(explained.wrong) == {explained.code}
    assert codes(explained.right) == set()


@pytest.mark.parametrize("explained", WITH_EXAMPLES, ids=[one.code for one in WITH_EXAMPLES])
def test_warning_codes_match_the_severity(explained: Explanation) -> None:
    found = told(explained.wrong or "")
    assert {not diagnostic.is_error for diagnostic in found} == {is_warning(explained.code)}


def test_too_long_file_is_rejected_without_parsing() -> None:
    assert codes("x" * (MAX_LENGTH + 1)) == {TOO_LONG}
    assert TOO_LONG not in codes(f"# {'x' * (MAX_LENGTH - 2)}")


def test_explanation_has_a_title_and_text() -> None:
    for explained in EXPLAINED:
        assert explained.title[0].isupper() or explained.title.startswith("`"), explained.code
        assert not explained.title.endswith(".")
        assert explained.text.endswith("."), explained.code
        assert "```" not in explained.text


def test_the_page_of_the_documentation_is_up_to_date() -> None:
    if os.environ.get("RHEOSTAT_UPDATE_GOLDEN"):
        PAGE.write_text(render_codes_page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == render_codes_page(), (
        "RHEOSTAT_UPDATE_GOLDEN=1 writes it anew"
    )

"""The whole rendered messages of ill-formed programs, so that no word of them changes unseen.

After a change that is meant, ``RHEOSTAT_UPDATE_GOLDEN=1`` writes them again; read the difference.
"""

import os
import re
from pathlib import Path

import pytest

from dsl.codes import explanations
from tests.dsl.golden_cases import DIRECTORY, cases, rendered, written

FILES = sorted(DIRECTORY.glob("*.txt"))
CASES = [(path.stem, case) for path in FILES for case in cases(path)]


@pytest.mark.parametrize(
    ("program", "said"),
    [(case.program, case.said) for _, case in CASES],
    ids=[f"{stem}: {case.title}" for stem, case in CASES],
)
def test_messages_match_the_golden_files(program: str, said: str) -> None:
    if os.environ.get("RHEOSTAT_UPDATE_GOLDEN"):
        pytest.skip("the golden files are being written")
    assert rendered(program) == said


def test_every_code_has_a_golden_case() -> None:
    """All but two: a file too long has no place in a file to read, and RH806 wants a pipeline."""
    told = {code for _, case in CASES for code in re.findall(r"\[(RH\d{3})\]", case.said)}
    assert told == set(explanations()) - {"RH114", "RH806"}


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_golden_file_is_in_its_canonical_form(path: Path) -> None:
    found = cases(path)
    if os.environ.get("RHEOSTAT_UPDATE_GOLDEN"):
        found = [case._replace(said=rendered(case.program)) for case in found]
        path.write_bytes(written(found).encode("utf-8"))
    assert written(found) == path.read_bytes().decode("utf-8")
    titles = [case.title for case in found]
    assert len(set(titles)) == len(titles)

"""The table of equal and unequal answers holds for the code."""

import re
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import pytest

from store.answers.equivalence import AnswerPool, Equivalence, open_equivalence

PAGE = (Path(__file__).parents[2] / "docs" / "answers.md").read_text(encoding="utf-8")


class Claim(NamedTuple):
    """Answers of one cell that are said to be all equal, or all unequal."""

    kind: str
    answers: list[str]
    equal: bool


@pytest.fixture(scope="module")
def equivalence() -> Iterator[Equivalence]:
    with open_equivalence("math-verify") as opened:
        yield opened


def claims() -> Iterator[Claim]:
    table = PAGE[PAGE.index("| kind | equal | not equal |") :].partition("\n\n")[0]
    for row in table.splitlines()[2:]:
        kind, *cells = (cell.strip() for cell in row.strip("|").split(" | "))
        for cell, equal in zip(cells, (True, False), strict=False):
            for group in re.split(r"(?<=`); ", cell):
                answers = re.findall(r"`([^`]+)`", group)
                if len(answers) > 1:
                    yield Claim(kind, answers, equal)


def test_the_page_has_claims_of_every_kind() -> None:
    found = list(claims())
    assert len(found) > 40
    assert {claim.equal for claim in found} == {True, False}


@pytest.mark.parametrize("claim", list(claims()), ids=lambda claim: f"{claim.kind}-{claim.equal}")
def test_a_claim_of_the_table_holds(equivalence: Equivalence, claim: Claim) -> None:
    for answer, gold in permutations(claim.answers, 2):
        (forms,) = equivalence.forms([AnswerPool([answer], gold)])
        assert (forms[answer] == gold) == claim.equal, (answer, gold)

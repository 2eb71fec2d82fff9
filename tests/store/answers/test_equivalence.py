"""When two answers are the same."""

import importlib.metadata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.answers import equivalence
from store.answers.equivalence import Exact, MathVerify, without_reckoning
from store.answers.extraction import NO_ANSWER
from store.errors import StoreError


@pytest.fixture(scope="module")
def mathematics() -> Iterator[MathVerify]:
    with MathVerify() as same:
        yield same


async def test_exact_changes_nothing() -> None:
    assert await Exact().canonical(" 1/2", "0.5") == " 1/2"


@pytest.mark.parametrize(
    ("answer", "gold", "form"),
    [
        (r"\frac{1}{2}", "0.5", "0.5"),
        ("1/2", r"\frac{1}{2}", r"\frac{1}{2}"),
        ("1,234", "1234", "1234"),
        ("x+1", "1+x", "1+x"),
        (r"\frac{1}{\sqrt{2}}", r"\frac{\sqrt{2}}{2}", r"\frac{\sqrt{2}}{2}"),
        ("073", "73", "73"),
        ("0.25", "7", "1/4"),
        (r"\frac{2}{8}", "7", "1/4"),
        ("12.0", "7", "12"),
        ("12", None, "12"),
        (NO_ANSWER, "7", NO_ANSWER),
        ("no idea", "7", "no idea"),
        (r"\frac{", "7", r"\frac{"),
    ],
)
async def test_mathematics_is_written_as_gold_or_in_one_form(
    mathematics: MathVerify, answer: str, gold: str | None, form: str
) -> None:
    assert await mathematics.canonical(answer, gold) == form


@pytest.mark.slow
async def test_an_answer_that_takes_for_ever_stays_as_it_was_read(
    mathematics: MathVerify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(equivalence, "SECONDS", 0.5)
    tower = "9^{9^{9^{9^{9^9}}}}"
    assert await mathematics.canonical(tower, "1/3") == tower
    monkeypatch.undo()
    assert await mathematics.canonical("3/6", "0.5") == "0.5"


@given(st.integers(), st.none() | st.integers())
def test_whole_numbers_need_no_library(answer: int, gold: int | None) -> None:
    form = without_reckoning(str(answer), None if gold is None else str(gold))
    assert form == str(answer)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    with pytest.raises(StoreError, match=r"rheostat\[collect\]"):
        MathVerify()

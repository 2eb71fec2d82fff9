"""The comparison of mathematical answers, for the tests of a module."""

from collections.abc import Iterator

import pytest

from store.answers.equivalence import MathVerify


@pytest.fixture(scope="module")
def mathematics() -> Iterator[MathVerify]:
    with MathVerify() as equivalence:
        yield equivalence

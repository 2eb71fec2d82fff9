"""When two answers are equal: each is written in one form before it votes.

- ``exact``: equal is what is the same text.
- ``math-verify``: equal is what has the same value, as docs/answers.md states. An answer that is
  equal to the gold answer is written as the gold answer; any other in its own form.

The form of an answer depends on the answer and the gold answer alone. What only the other answers
of the question can decide (`store.answers.forms`) is decided over all of them, in whatever order
they come, so a recording has the same bytes in any order of its branches.
"""

import asyncio
import importlib.metadata
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from store.answers.extraction import NO_ANSWER
from store.answers.forms import (
    Read,
    extra_leaves,
    is_equal,
    join_pool,
    latex_leaves,
    leaves,
    read,
)
from store.answers.guarded import GuardedProcess, Leaf
from store.answers.structure import read_structure
from store.answers.symbolic import Description
from store.answers.typography import normalize
from store.errors import StoreError
from store.extras import install_command

_MOST_KEPT = 200_000
"""Answers that are kept as they were read, so that a server does not grow for ever."""


class AnswerPool(NamedTuple):
    """The answers that vote on one question."""

    answers: Sequence[str]
    """As they were extracted; repetitions and order do not matter."""
    gold: str | None
    """The question's right answer; ``None`` where it is not known."""


class Equivalence(Protocol):
    """A definition of equal answers."""

    name: str
    """As the recording names it."""

    async def canonical(self, answer: str, gold: str | None) -> str:
        """Return the form of an answer under which it votes.

        Args:
            answer: as it was extracted.
            gold: the gold answer, whose form an equal one takes; ``None`` where it is not known.
        """

    async def pooled(self, pool: AnswerPool) -> dict[str, str]:
        """Map every answer of a pool to the form that equal answers share."""

    def forms(self, pools: Sequence[AnswerPool]) -> list[dict[str, str]]:
        """Do as `pooled` for each pool, outside any event loop."""


class Exact:
    """Equivalence by identical text."""

    name = "exact"

    async def canonical(self, answer: str, gold: str | None) -> str:
        """See `Equivalence.canonical`."""
        return answer

    async def pooled(self, pool: AnswerPool) -> dict[str, str]:
        """See `Equivalence.pooled`."""
        return {answer: answer for answer in pool.answers}

    def forms(self, pools: Sequence[AnswerPool]) -> list[dict[str, str]]:
        """See `Equivalence.forms`."""
        return [{answer: answer for answer in pool.answers} for pool in pools]


class MathVerify:
    """Equivalence by mathematical value. Use it as a context manager, which ends its processes.

    Args:
        cache: a directory that keeps calculations by content; ``None`` keeps none.

    Raises:
        StoreError: the library is not installed.
    """

    def __init__(self, cache: Path | None = None) -> None:
        try:
            self.name = f"math-verify {importlib.metadata.version('math-verify')}"
        except importlib.metadata.PackageNotFoundError as error:
            reason = (
                f"math-verify is not installed; install it with `{install_command('collect')}`,"
                " or use --equivalence exact"
            )
            raise StoreError(reason) from error
        file = None if cache is None else cache / "descriptions.sqlite"
        self._process = GuardedProcess(min(2, os.cpu_count() or 1), file)
        self._descriptions: dict[Leaf, Description] = {}
        self._reads: dict[str, Read] = {}

    def __enter__(self) -> Self:
        self._process.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.__exit__(kind, error, trace)

    async def canonical(self, answer: str, gold: str | None) -> str:
        """See `Equivalence.canonical`."""
        if answer in (NO_ANSWER, gold):
            return answer
        reads = await self._read([answer] if gold is None else [answer, gold])
        if gold is not None and await self._is_gold(answer, gold, reads):
            return gold
        return reads[answer].form

    async def pooled(self, pool: AnswerPool) -> dict[str, str]:
        """See `Equivalence.pooled`."""
        distinct = sorted(set(pool.answers) - {NO_ANSWER})
        reads = await self._read([*distinct, pool.gold] if pool.gold is not None else distinct)
        right: dict[str, str] = {}
        if pool.gold is not None:
            for answer in distinct:
                if answer == pool.gold or await self._is_gold(answer, pool.gold, reads):
                    right[answer] = pool.gold
        others = {answer: reads[answer] for answer in distinct if answer not in right}
        if any(form.structure.kind == "equation" for form in others.values()):
            await self._describe(
                leaf for form in others.values() for leaf in extra_leaves(form.structure)
            )
        joined = join_pool(others, self._descriptions)
        return joined | right | ({NO_ANSWER: NO_ANSWER} if NO_ANSWER in pool.answers else {})

    def forms(self, pools: Sequence[AnswerPool]) -> list[dict[str, str]]:
        """See `Equivalence.forms`."""
        return asyncio.run(self._forms(pools))

    async def _forms(self, pools: Sequence[AnswerPool]) -> list[dict[str, str]]:
        everything = {answer for pool in pools for answer in [*pool.answers, pool.gold] if answer}
        await self._read(sorted(everything))
        return [await self.pooled(pool) for pool in pools]

    async def _read(self, answers: Sequence[str]) -> dict[str, Read]:
        """Read answers and calculate what is in them; those that were read before are kept."""
        known = {answer: self._reads[answer] for answer in answers if answer in self._reads}
        structures = {answer: read_structure(answer) for answer in answers if answer not in known}
        await self._describe(
            leaf for structure in structures.values() for leaf in leaves(structure)
        )
        forms = {
            answer: read(structure, self._descriptions) for answer, structure in structures.items()
        }
        if len(self._reads) > _MOST_KEPT:
            self._reads.clear()
        self._reads |= forms
        return known | forms

    async def _describe(self, wanted: Iterable[Leaf]) -> None:
        missing = [leaf for leaf in dict.fromkeys(wanted) if leaf not in self._descriptions]
        if missing:
            self._descriptions |= await self._process.describe(missing)

    async def _is_gold(self, answer: str, gold: str, reads: Mapping[str, Read]) -> bool:
        """Compare with the gold answer: by structure, or by math-verify where one has none."""
        form, right = reads[answer], reads[gold]
        if form.identity == right.identity:
            return True
        if form.is_number and right.is_number:
            return False
        both = (form.structure, right.structure)
        await self._describe(leaf for structure in both for leaf in extra_leaves(structure))
        if is_equal(form, right, self._descriptions):
            return True
        formal = [leaf for structure in both for leaf in latex_leaves(structure)]
        if not formal or any(leaf not in self._descriptions for leaf in formal):
            return False
        return await self._process.equal_latex(normalize(gold), normalize(answer))


class RunningForms:
    """The forms of one question's answers while they come, each fixed once it has voted.

    Args:
        equivalence: how answers are compared.
        gold: the gold answer, or ``None``.
        known: forms that are fixed already, such as those of a recording.
    """

    def __init__(self, equivalence: Equivalence, gold: str | None, known: Iterable[str] = ()):
        self._equivalence = equivalence
        self._gold = gold
        self._fixed = {form: form for form in known}
        self._lock = asyncio.Lock()

    async def form(self, answer: str) -> str:
        """Write an answer in the form of those before it that it is equal to, or in its own."""
        async with self._lock:
            if answer not in self._fixed:
                pool = AnswerPool([*self._fixed, answer], self._gold)
                forms = await self._equivalence.pooled(pool)
                equal = (
                    form for known, form in self._fixed.items() if forms[known] == forms[answer]
                )
                self._fixed[answer] = next(equal, forms[answer])
            return self._fixed[answer]


@contextmanager
def open_equivalence(name: str, *, cache: Path | None = None) -> "Iterator[Equivalence]":
    """Open the equivalence of a name, with the processes that it needs.

    Args:
        name: ``exact``, or ``math-verify`` with or without a version after it.
        cache: a directory that keeps calculations by content; ``None`` keeps none.

    Raises:
        StoreError: the library that it needs is not installed.
    """
    if not name.startswith("math-verify"):
        yield Exact()
        return
    with MathVerify(cache) as equivalence:
        yield equivalence

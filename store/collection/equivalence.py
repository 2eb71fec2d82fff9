"""When two answers are the same: each is written in one form before it is recorded.

The form depends on the answer and the gold answer alone, never on what else was drawn, so a
recording has the same bytes in whatever order its branches come.

- ``exact``: the answer as it was read. For letters of choices, and for whatever is plain already.
- ``math-verify``: an answer that the library of this name holds equal to the gold answer is
  written as the gold answer; any other in the normal form of sympy, where it can be parsed.

Arithmetic can be made to run for ever (a power of a power of a power), so `MathVerify` reckons in a
process of its own, which is killed when an answer takes too long; that answer stays as it was read.
"""

import asyncio
import importlib.metadata
import re
from functools import lru_cache
from types import TracebackType
from typing import Any, Protocol, Self

from store.collection.extraction import NONE
from store.errors import StoreError
from store.extras import install_command

SECONDS = 30.0
"""The longest that one answer may be reckoned on."""

_WHOLE = re.compile(r"-?\d+")
_WORDS = re.compile(r"[A-Za-z]{2,}( [A-Za-z]+)*")


class Equivalence(Protocol):
    """A way to hold answers equal."""

    name: str
    """As the recording says it."""

    async def canonical(self, answer: str, gold: str | None) -> str:
        """The answer in the form that is recorded.

        Args:
            answer: as it was read.
            gold: the right answer, whose form an equal one takes; ``None`` where it is not known.
        """


class Exact:
    """Equal is what is the same text."""

    name = "exact"

    async def canonical(self, answer: str, gold: str | None) -> str:
        """As the protocol."""
        return answer


class MathVerify:
    """Equal is what math-verify says is. Use it as a context manager: it ends its process.

    Raises:
        StoreError: the library is not installed.
    """

    def __init__(self) -> None:
        try:
            self.name = f"math-verify {importlib.metadata.version('math-verify')}"
        except importlib.metadata.PackageNotFoundError as error:
            reason = (
                f"math-verify is not installed; `{install_command('collect')}` brings it, and"
                " --equivalence exact does without"
            )
            raise StoreError(reason) from error
        from multiprocessing import get_context

        from pebble import ProcessPool

        # Spawned, since a fork would take along the threads and descriptors of a server's client.
        self._pool: Any = ProcessPool(
            max_workers=1, initializer=_warm, context=get_context("spawn")
        )
        self._known: dict[tuple[str, str | None], str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.stop()
        self._pool.join()

    async def canonical(self, answer: str, gold: str | None) -> str:
        """As the protocol."""
        simple = without_reckoning(answer, gold)
        if simple is not None:
            return simple
        asked = (answer, gold)
        if asked not in self._known:
            future: Any = self._pool.schedule(reckoned, args=asked, timeout=SECONDS)
            try:
                self._known[asked] = await asyncio.wrap_future(future)
            except TimeoutError:
                self._known[asked] = answer
        return self._known[asked]


def without_reckoning(answer: str, gold: str | None) -> str | None:
    """The form of an answer that needs no library: none at all, words, whole numbers."""
    if answer in (NONE, gold) or _WORDS.fullmatch(answer):
        return answer
    if _WHOLE.fullmatch(answer) and (gold is None or _WHOLE.fullmatch(gold)):
        return gold if gold is not None and int(answer) == int(gold) else str(int(answer))
    return None


def _warm() -> None:
    """Loads the libraries, which takes seconds that no answer is to pay for."""
    reckoned("\\frac{1}{2}", "0.5")


def reckoned(answer: str, gold: str | None) -> str:
    """The form of an answer by math-verify and sympy; called in the process that may be killed."""
    from math_verify import verify
    from sympy import SympifyError

    parsed = _parsed(answer)
    if gold is not None and verify(_parsed(gold), parsed):
        return gold
    try:
        return _normal(parsed[0]) if parsed and not isinstance(parsed[0], str) else _bare(answer)
    except (SympifyError, TypeError, ValueError, ArithmeticError, AttributeError):
        return _bare(answer)


@lru_cache(4096)
def _parsed(answer: str) -> list[Any]:
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    ways = [LatexExtractionConfig(), ExprExtractionConfig()]
    return list(parse(f"\\boxed{{{answer}}}", extraction_config=ways))


def _normal(expression: Any) -> str:  # noqa: ANN401 - sympy's own types say no more
    from sympy import Float, nsimplify, simplify

    if expression.has(Float):
        expression = nsimplify(expression, rational=True)
    return str(simplify(expression))


def _bare(answer: str) -> str:
    return "".join(answer.split())

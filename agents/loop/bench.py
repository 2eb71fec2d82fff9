"""The bench of a proposer in a round: it plays programs over what the round shows, and counts."""

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from agents.feedback.profiling import line_profile
from agents.loop.filing import mark
from agents.run.records import Language, Usage
from agents.search.arena import Arena
from agents.search.measures import Worth
from harness.errors import InputError


class Purse(NamedTuple):
    """What language models may still cost in a slot; ``None`` for any amount."""

    tokens: int | None = None
    usd: float | None = None


class Paying:
    """Keeps what language models may still cost in a slot.

    Args:
        purse: at the beginning.
    """

    def __init__(self, purse: Purse):
        self._purse = purse
        self.withheld = ""
        """Why a call was not made, in words; empty where all were."""

    def affords(self, most: Usage) -> bool:
        """See `agents.proposers.Payer.affords`."""
        tokens, usd = most.tokens_in + most.tokens_out, most.usd
        if self._purse.tokens is not None and tokens > self._purse.tokens:
            self.withheld = (
                f"{max(0, self._purse.tokens):,} tokens are left, and a call may take {tokens:,}"
            )
        elif self._purse.usd is not None and usd > self._purse.usd:
            self.withheld = (
                f"{max(0.0, self._purse.usd):.4f} dollars are left, and a call may cost {usd:.4f}"
            )
        else:
            return True
        return False

    def charge(self, used: Usage) -> None:
        """See `agents.proposers.Payer.charge`."""
        tokens, usd = self._purse
        self._purse = Purse(
            None if tokens is None else tokens - used.tokens_in - used.tokens_out,
            None if usd is None else usd - used.usd,
        )


class RoundBench(Paying):
    """See `agents.proposers.Bench`.

    Args:
        arena: the search set.
        number: the round.
        slot: the proposer's slot; its chance depends on it.
        state: what the proposer left in the round before.
        known: programs that it played in earlier rounds, as `mark` names them: they cost nothing.
        allowance: programs that it may play.
        purse: what language models may cost.
        tries: programs that may be written for each that is put forward.
        out_of_time: whether a cap was reached meanwhile.
        heed: gives up the work, where somebody asked for it.
        tell: puts progress into the event log.
    """

    def __init__(
        self,
        arena: Arena,
        number: int,
        slot: str,
        *,
        state: bytes | None,
        known: set[str],
        allowance: int,
        purse: Purse = Purse(),  # noqa: B008 - it is immutable
        tries: int = 1,
        out_of_time: Callable[[], bool],
        heed: Callable[[], None],
        tell: Callable[..., None],
    ):
        self._arena = arena
        self._shown = arena.split(number).shown
        self.random = Random(f"{arena.request.seed}/{number}/{slot}")
        self.state = state
        self._known = known
        self._allowance = allowance
        super().__init__(purse)
        self.tries = tries
        self._out_of_time = out_of_time
        self._heed = heed
        self._tell = tell
        self._worths: dict[tuple[str, bool], Worth | None] = {}
        self.played: list[str] = []
        """The programs that were played for the first time, as `mark` names them."""

    @property
    def allowance(self) -> int:
        """Programs that may still be played."""
        return self._allowance

    @property
    def most(self) -> int:
        """The most programs that may be put forward."""
        return self._arena.request.per_round

    @property
    def language(self) -> Language:
        """What language models and agents are to write in."""
        return self._arena.request.language

    @property
    def free_knobs(self) -> bool:
        """Whether programs are to have free knobs."""
        return self._arena.request.free_knobs

    def play(
        self,
        sources: Sequence[str],
        *,
        closely: bool = False,
        language: Language = Language.RHEO,
    ) -> list[Worth | None]:
        """See `agents.proposers.Bench.play`."""
        self._heed()
        wanted = []
        for source in dict.fromkeys(sources):
            if (source, closely) in self._worths or not self._may_play(source, closely=closely):
                continue
            wanted.append(source)
        found = self._arena.screen(wanted, self._shown, closely=closely, language=language)
        for source, worth in zip(wanted, found, strict=True):
            self._worths[source, closely] = worth
        return [self._worths.get((source, closely)) for source in sources]

    @property
    def labels(self) -> list[str]:
        """See `agents.proposers.Bench.labels`."""
        return [self._arena.recordings[place].label for place in self._shown.recordings]

    def profile(self, source: str, beta: float, language: Language = Language.RHEO) -> str:
        """See `agents.proposers.Bench.profile`."""
        self._heed()
        if not self._may_play(f"{source}@{beta:g}", closely=False):
            raise InputError("no programs are left to play in this round")
        return line_profile(self._arena, self._shown, source, beta, language)

    def _may_play(self, source: str, *, closely: bool) -> bool:
        """Takes a program out of the allowance, if it is new and there is some left."""
        name = mark(source) + ("+" if closely else "")
        if name in self._known:
            return True
        if self._allowance <= 0:
            return False
        self._allowance -= 1
        self._known.add(name)
        self.played.append(name)
        return True

    def heed(self) -> None:
        """See `agents.proposers.Payer.heed`."""
        self._heed()

    def out_of_time(self) -> bool:
        """See `agents.proposers.Payer.out_of_time`."""
        return self._out_of_time()

    def tell(self, says: str, **data: object) -> None:
        """See `agents.proposers.Payer.tell`."""
        self._tell(says, **data, played=len(self.played))

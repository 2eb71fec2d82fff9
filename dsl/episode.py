"""The interface between controllers and reasoners: the episode and its verbs.

A *controller* is a generator. It is given an `Episode`, plain data that shows what has been
revealed so far, yields one `Verb` at a time, and is sent the `Outcome` of each. A *reasoner*, a
replayed recording or a live model, performs the verbs and writes what they reveal into the
episode. The reasoner knows the episode; the episode does not know the reasoner. So gold answers
and unrevealed probes are out of a controller's reach because nothing that it holds leads there.

One verb is one *barrier*: its branches run side by side. A branch is named by its index in the
order of opening.
"""

from collections.abc import Collection, Generator, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Protocol

import msgspec


class Status(Enum):
    """The status of an opened branch."""

    ACTIVE = "active"
    FINISHED = "finished"
    PRUNED = "pruned"


# `gc=False`: these records hold nothing that could refer back to them, so the garbage collector
# need not visit them. An episode makes one for each verb.


class Origin(msgspec.Struct, frozen=True, gc=False):
    """The position in a controller's source that a verb comes from, counted from 1."""

    line: int
    column: int
    end_line: int
    end_column: int


class Verb(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="verb", gc=False
):
    """What every verb carries besides its own fields."""

    origin: Origin | None = None
    because: str | None = None
    """The reason that the controller gives."""


class Open(Verb, frozen=True, kw_only=True, tag="open", gc=False):
    """BRANCH, ``count`` times; with ``look``, each new branch's first answer is revealed."""

    count: int
    look: bool = True


class Advance(Verb, frozen=True, kw_only=True, tag="advance", gc=False):
    """CONTINUE each of ``branches`` by its burst of intervals, or to its end if that is nearer.

    With ``look``, the answer after every interval is revealed.
    """

    branches: tuple[int, ...]
    bursts: tuple[int, ...]
    """Intervals for each branch, each at least 1; as long as ``branches``."""
    look: bool = True


class Probe(Verb, frozen=True, kw_only=True, tag="probe", gc=False):
    """PROBE: reveals the answer of each of ``branches`` at its present depth."""

    branches: tuple[int, ...]


class Sample(Verb, frozen=True, kw_only=True, tag="sample", gc=False):
    """READ, ``count`` times: opens a branch and takes it to its end without looking inside."""

    count: int


class Prune(Verb, frozen=True, kw_only=True, tag="prune", gc=False):
    """PRUNE: each of ``branches`` leaves the active set; what it revealed stays on record."""

    branches: tuple[int, ...]


class Answer(Verb, frozen=True, kw_only=True, tag="answer", gc=False):
    """ANSWER: ends the episode. ``None`` counts as wrong."""

    answer: str | None
    stopped: Origin | None = None
    """Where the controller decided to end, if before this: its ``stop``, or the verb in which the
    budget ended."""


AnyVerb = Open | Advance | Probe | Sample | Prune | Answer


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """The outcome of a verb."""

    branches: tuple[int, ...]
    """The branches on which at least one action was done, in the verb's order."""
    exhausted: bool
    """The budget ended inside the verb: its affordable prefix was done, the rest was not."""


class Inadmissible(Exception):
    """An action that the decision process does not allow. It changes and charges nothing."""

    def __init__(self, action: str, branch: int | None, reason: str):
        self.action = action
        self.branch = branch
        self.reason = reason
        subject = action if branch is None else f"{action} of branch {branch}"
        super().__init__(f"{subject} is not admissible: {reason}")


class BudgetSpent(Inadmissible):
    """Not even the first action of a verb is affordable."""


NO_SIGNALS: Mapping[str, float] = MappingProxyType({})


class BranchView:
    """One opened branch, as far as it has been revealed."""

    __slots__ = (
        "answer", "changes", "cut_off", "depth", "entropy", "index", "logprob", "passed",
        "revealed", "signals", "status", "streak", "tokens", "top_logprob",
    )  # fmt: skip

    def __init__(self, index: int):
        self.index = index
        self.status = Status.ACTIVE
        self.depth = 0
        """Advances made, the finishing one included."""
        self.tokens = 0
        """Tokens generated on this branch; probes are not counted."""
        self.answer: str | None = None
        """The latest revealed answer."""
        self.revealed = 0
        """The depth at which ``answer`` was revealed, 0 before the first reveal."""
        self.streak = 0
        """Earlier reveals in a row with the same answer, 0 at the first."""
        self.changes = 0
        """How many reveals differed from the one before."""
        self.cut_off = False
        """Whether it ended at the bound on its tokens; unread where no program asks."""
        self.entropy: float | None = None
        """Entropy after the end of thinking at the latest probe, where recorded."""
        self.logprob: float | None = None
        """Mean log-probability of the chosen tokens over the latest interval, where recorded."""
        self.top_logprob: float | None = None
        """Mean log-probability of the 20 likeliest tokens over that interval, where recorded."""
        self.passed: Mapping[str, Sequence[float]] = {}
        """The signals of every interval so far, by name, where `Episode.wants_passed` is set. A
        signal that the last interval has no value of is shorter by one."""
        self.signals: Mapping[str, float] = NO_SIGNALS
        """Values so far of the named signals that the recording declares. It is replaced by another
        mapping when a value becomes known, and never changed."""

    def reveal(self, answer: str) -> None:
        """Take a newly revealed answer into the view."""
        if self.revealed:
            same = answer == self.answer
            self.streak = self.streak + 1 if same else 0
            self.changes += not same
        self.answer = answer
        self.revealed = self.depth


class Episode:
    """The state (q, m, I, ℓ, Ω) of one episode: all that a controller may see.

    It is a view and not the ledger: the reasoner keeps its own state, so writing here has no effect
    on the accounting.
    """

    __slots__ = (
        "active", "branches", "budget", "finished", "interval", "limit", "pruned", "question",
        "seed", "sequential", "signals", "spent", "wants_passed",
    )  # fmt: skip

    def __init__(
        self, *, interval: int, limit: int, budget: int | None = None, question: int = 0,
        seed: int = 0, signals: Collection[str] = (),
    ):  # fmt: skip
        self.interval = interval
        """Δ in tokens."""
        self.limit = limit
        """N: the most branches that can be opened."""
        self.budget = budget
        """B in tokens, ``None`` where there is no bound."""
        self.question = question
        """The question's position in its recording; with the seed, it keys random numbers."""
        self.seed = seed
        self.signals = frozenset(signals)
        """The named signals that every branch has, at the latest when it has finished."""
        self.spent = 0
        """Tokens charged so far."""
        self.sequential = 0
        """Tokens on the critical path so far: the largest charge of each barrier, summed."""
        self.branches: list[BranchView] = []
        """Every opened branch, in opening order."""
        self.active: list[int] = []
        """Branches that can be continued, in opening order."""
        self.finished: list[int] = []
        """Finished branches, in order of finishing."""
        self.pruned: list[int] = []
        """Pruned branches, in opening order."""
        self.wants_passed = False
        """Whether branches show the signals of every interval that they passed. A controller that
        reads them sets this before its first verb."""

    @property
    def available(self) -> int:
        """Branches left to open."""
        return self.limit - len(self.branches)


VerbGenerator = Generator[AnyVerb, Outcome, None]
"""A controller at work: yields verbs, is sent outcomes, ends after its `Answer`."""


class Controller(Protocol):
    """A policy that decides on verbs."""

    @property
    def name(self) -> str:
        """The name under which results are listed."""
        ...

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        """Start an episode; ``beta`` is ``None`` for a controller without a schedule."""
        ...

"""What a recording holds: one model's branches over one benchmark, as msgspec records.

Evolution rules (docs/recording-format.md has them in full): a field is never renamed, retyped or
given another meaning; a new field is added at the end of its record with a default that means
"not recorded"; an obsolete field stays. Any other change increases
the format version.
"""

from typing import Literal, NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray


class Sampling(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How the branches were drawn; ``None`` is "not recorded", never "the default"."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    """The cap on one branch, in tokens."""
    seed: int | None = None
    """The base seed; the seed of each branch is in the branch."""
    extra: dict[str, str | int | float | bool] = {}
    """Any further sampling parameter, by the server's name for it."""


class Probes(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How the probes of a branch were made: at temperature 0, after text that forces an answer."""

    end: str = ""
    """Put after a prefix that still thinks, to end that; ``ask`` follows."""
    ask: str = ""
    """Put after every prefix: the beginning of the answer."""
    mark: str = ""
    """What is in a prefix that has ended its thinking by itself; empty where none does."""
    max_tokens: int = 0
    stop: list[str] = []
    """Strings that end an answer."""
    regex: str | None = None
    """What an answer was constrained to."""
    choices: bool = False
    """Whether it was constrained to the letters of the question's choices."""


SignalScope: TypeAlias = Literal["branch", "probe", "interval"]
"""What has a value each: every branch, every probe, or every interval."""


class SignalDeclaration(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a named signal is. ``None`` is "not recorded"."""

    scope: SignalScope
    meaning: str | None = None
    """What is measured, in a line."""
    unit: str | None = None
    direction: Literal["higher", "lower"] | None = None
    """Which values are better, where one can say so."""
    source: str | None = None
    """What computed the values: a program with its digest, a scorer's command, or the server."""
    settings: dict[str, int | str] = {}
    """What else decides the values, such as the tokens of a group."""


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where a recording comes from. It holds no clock time: equal work gives equal bytes."""

    model: str
    benchmark: str
    interval: int
    """Δ: tokens between two probes."""
    collector: str
    """The program that made the branches and its version: ``rheostat collect 0.1.0``."""
    source: str | None = None
    """The file or address that the recording was imported from."""
    prompt_template: str | None = None
    forcing: str | None = None
    """The text that is put after a prefix to make the model answer."""
    sampling: Sampling = Sampling()
    extraction: str | None = None
    """How an answer is read off the model's text: ``boxed``, ``choice``, or a pattern."""
    equivalence: str = "exact"
    """How answers are matched with the gold answer and each other before they are recorded."""
    licence: str | None = None
    """What the owner of the data allows, in a line."""
    simulated: bool = False
    """True where no language model was involved."""
    probed: bool = True
    """False where the answers inside a branch were never taken: only whole reads replay."""
    stepwise: bool = False
    """True where every interval was drawn by its own seeded request, as a live episode does."""
    engine: str | None = None
    """What served the model, and its version: ``vllm 0.32.0``."""
    template: dict[str, str | int | float | bool] = {}
    """Arguments of the model's chat template, such as ``enable_thinking``."""
    seeding: str | None = None
    """The rule by which seeds come from the base seed (docs/collecting.md)."""
    probes: Probes | None = None
    signals: dict[str, SignalDeclaration] = {}
    """The named signals that branches may have, besides those of the format itself."""


class Greedy(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One sample at temperature 0."""

    answer: str
    tokens: int


class Question(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One question of the benchmark, without its branches."""

    id: str
    gold: str
    """The right answer. It stays on the scoring side of the episode seam."""
    text: str | None = None
    choices: list[str] | None = None
    greedy: Greedy | None = None
    difficulty: int | None = None
    """Rank among the questions of the benchmark, 0 the easiest."""
    prompt_ids: list[int] | None = None
    """The whole prompt in tokens, chat template included, as it was sent."""
    missing: list[int] | None = None
    """Indexes of branches that were wanted and could not be had, rising; the others follow each
    other in the recording without gaps."""

    def branch_index(self, position: int) -> int:
        """Return the index under which a branch was drawn.

        Args:
            position: the branch's index among those that the recording holds, from 0.
        """
        index = position
        for missing in self.missing or ():
            index += missing <= index
        return index


class Branch(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One sampled reasoning chain, cut every Δ tokens. Lists over probes have one item for each."""

    answers: list[str]
    """``answers[k]``: the answer that the model would give after k + 1 intervals (P of them)."""
    tokens: int
    """T: the chain's total tokens."""
    final: str
    """The chain's own final answer."""
    finish: str | None = None
    """Why it ended: ``stop``, ``length``, …"""
    seed: int | None = None
    raw: list[str] | None = None
    """The model's text at each probe, before extraction."""
    final_raw: str | None = None
    probe_tokens: list[int] | None = None
    """What each probe cost, in generated tokens."""
    entropy: list[float] | None = None
    """Entropy, in nats, of the first token after the end of thinking is forced, at each probe."""
    logprob: list[float] | None = None
    """Mean log-probability of the chosen tokens over each interval (P, or P + 1 with the last)."""
    top_logprob: list[float] | None = None
    """Mean log-probability of the 20 likeliest tokens over each interval, like ``logprob``."""
    text: str | None = None
    token_ids: list[int] | None = None
    sentences: list[int] | None = None
    """Where each sentence ends in ``text``, in characters."""
    paragraphs: list[int] | None = None
    """Where each paragraph ends in ``text``, in characters."""
    signals: dict[str, list[float]] = {}
    """Values of signals that the provenance declares: one of the branch, one for each of the P
    probes, or one for each interval (P, or P + 1 with the last; at least one)."""


class Core(NamedTuple):
    """What replay needs of one question: N branches, answers interned, texts left on disk."""

    answers: tuple[str, ...]
    """The distinct answers of the question, in order of first appearance."""
    counts: NDArray[np.int32]
    """(N,) probes of each branch."""
    probes: NDArray[np.int32]
    """(sum of counts,) indexes into ``answers``, branch after branch."""
    tokens: NDArray[np.int64]
    """(N,) total tokens T of each branch."""
    final: NDArray[np.int32]
    """(N,) the final answer of each branch, an index into ``answers``."""


class Ragged(NamedTuple):
    """One numeric signal of one question, branch after branch."""

    counts: NDArray[np.int32]
    """(N,) values of each branch; -1 where the branch lacks the signal."""
    values: NDArray[np.float64 | np.int64]
    """(sum of the counts above 0,) nats for entropy and log-probabilities, tokens for probes, and
    the unit of its declaration for a named signal."""

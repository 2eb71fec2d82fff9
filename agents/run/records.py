"""The records of a run, as they stand in its directory.

All are JSON by msgspec. A new field has a default, so that runs of an earlier version can be read;
a field is never given another meaning. Times are UTC, and stand in events alone: everything else
follows from the request, so that a run that was killed and resumed ends with the same bytes.
"""

import itertools
from enum import Enum
from pathlib import Path, PurePath
from typing import Any

import msgspec

from agents.run.user_profiles import UserProfile
from store.pipelines.schema import Pipeline

VERSION = 2
"""Raised when a record is written that an earlier version would misread; 2 has allocations."""


class ControllerLanguage(Enum):
    """What controllers are written in."""

    RHEO = "rheo"
    PYTHON = "python"
    """Held to a policy, and played in containers."""

    @property
    def suffix(self) -> str:
        """Of its files."""
        return {ControllerLanguage.RHEO: ".rheo", ControllerLanguage.PYTHON: ".py"}[self]


class ApprovalMode(Enum):
    """Who has to agree before a controller counts."""

    AUTO = "auto"
    """Nobody: the best by its figures is selected."""
    EACH = "each"
    """A person, for every candidate that beats the best so far."""
    FINAL = "final"
    """A person, for the one that is to be selected."""


class FeedbackMode(Enum):
    """What a brief holds."""

    FULL = "full"
    """Frontiers, line profiles, hindsight, telling episodes."""
    SCALAR = "scalar"
    """One number for each candidate: an ablation."""


class RecordingRef(msgspec.Struct, frozen=True, kw_only=True):
    """A recording that a run reads."""

    label: str
    """``model/benchmark``."""
    path: Path
    """Absolute."""
    digest: str


class BaselineRef(msgspec.Struct, frozen=True, kw_only=True):
    """A controller that candidates are held against, at settings that make its curve."""

    controller: str
    """A name of the library, or a file."""
    settings: list[dict[str, int | float]] = []
    """Its settings; a controller that follows β needs none."""
    digest: str = ""
    """Of the program, where it is a file: it must not change while the run goes on."""

    @property
    def label(self) -> str:
        """What it is called: where its file lies is nobody's business."""
        path = PurePath(self.controller)
        return path.stem if len(path.parts) > 1 else self.controller


class StartingProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A program that a search starts from."""

    name: str
    source: str

    @property
    def about(self) -> str:
        """The comment at its head: a description, and where it was published."""
        lines = itertools.takewhile(lambda line: line.startswith("#"), self.source.splitlines())
        return " ".join(line.removeprefix("#").strip() for line in lines)


class RunLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run ends at the latest; ``None`` for no bound."""

    rounds: int = 20
    evaluations: int | None = None
    """Programs played over the search set, each counted once at each number of seeds; trials."""
    minutes: float | None = None
    """Of work, over all sessions; waiting for a person is not counted."""
    usd: float | None = None
    tokens: int | None = None
    """Tokens of language models, in and out."""


class ModelOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How language models and agents are asked."""

    base_url: str | None = None
    """Of the server, where it is not the provider's own."""
    temperatures: list[float | None] = msgspec.field(default_factory=lambda: [0.3, 0.7, 1.0])
    """Of a round's candidates, in turn; ``None`` for the model's own."""
    reply_tokens: int = 8000
    """The most tokens of a reply, thoughts among them."""
    constrained: bool = False
    """Whether replies are decoded under Rheo's grammar."""
    agent_minutes: float = 10.0
    """That a command may take in a round."""
    agent_image: str | None = None
    """Of the container that commands run in; ``None`` for none."""
    agent_network: str = "none"
    """The engine's network that they are in there."""
    agent_env: list[str] = []
    """The variables that they are given there, by name."""


class HeldOutQuestions(msgspec.Struct, frozen=True, kw_only=True):
    """The questions of a pipeline that no search meets."""

    digest: str
    """Of the pipeline and these questions."""
    questions: int
    """How many there are."""
    path: Path | None = None
    """Of their file, absolute; ``None`` where they are drawn."""


class AllocationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a run that looks for allocations plays them on."""

    pipeline: Pipeline
    """Whole, so that a run explains itself."""
    path: Path | None = None
    """Of the pipeline's file, absolute; ``None`` for the simulator that is drawn."""
    digest: str
    """Of the pipeline and its questions."""
    held_out: HeldOutQuestions | None = None
    """Opened by the report alone; ``None`` where the pipeline holds out nothing."""
    budget: float
    """Of a trial, in the pipeline's unit."""
    record: Path | None = None
    """Of trials: what is in it is replayed."""
    execute: bool = False
    """Whether what is not recorded is carried out on servers."""
    base_url: str = ""
    """Of the server, where the pipeline's file names none."""
    governors: dict[str, list[str]] = {}
    """By stage, the controllers that may govern it, as ``CONTROLLER@BETA``."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was asked for."""

    version: int = 1
    """2 where it looks for allocations."""
    search: list[RecordingRef] = []
    """Empty where it looks for allocations."""
    held_out: list[RecordingRef] = []
    """Opened by the report alone."""
    proposers: list[str] = msgspec.field(default_factory=lambda: ["evolve"])
    language: ControllerLanguage = ControllerLanguage.RHEO
    """What language models and agents write in."""
    objective: str = "frontier"
    latency: float = 0.0
    """Weight of sequential tokens in the price of a point, from 0 to 1."""
    max_sequential: int | None = None
    """The most sequential tokens per question of a point that counts; ``None`` for no limit."""
    profiles: list[UserProfile] = []
    """The user profiles of the objective ``meet``."""
    starting_programs: list[StartingProgram] = []
    """Programs that the search starts from; the hand-made ones if empty."""
    approve: ApprovalMode = ApprovalMode.AUTO
    tune: bool = False
    """Whether the constants of proposals are fitted before they are reviewed."""
    feedback: FeedbackMode = FeedbackMode.FULL
    free_knobs: bool = False
    """Whether candidates have free knobs in place of a schedule over β: an ablation."""
    seed: int = 0
    """Of everything that is drawn."""
    seeds: int = 40
    """Shuffles under which a candidate is reviewed."""
    screening: int = 12
    """Shuffles under which variants are screened."""
    betas: list[float] = msgspec.field(default_factory=lambda: [i / 10 for i in range(11)])
    baselines: list[BaselineRef] = []
    per_round: int = 3
    """Candidates that one proposer gives at most in a round."""
    round_evaluations: int = 240
    """Programs that one proposer may play in a round before it proposes."""
    tune_evaluations: int = 120
    """Programs that one fit of constants may play."""
    repairs: int = 2
    """Tries that a proposer has to mend a program that does not check."""
    brief_tokens: int = 6000
    """The most tokens of a brief."""
    budget: int | None = None
    """Of an episode, in tokens."""
    kappa: int = 0
    """Price of a probe."""
    asking: ModelOptions = ModelOptions()
    caps: RunLimits = RunLimits()
    allocation: AllocationRequest | None = None
    """``None`` where it looks for controllers."""

    @property
    def command(self) -> str:
        """The command that makes and resumes such a run."""
        return "discover" if self.allocation is None else "allocate"

    @property
    def plays(self) -> str:
        """What is counted as an evaluation, one of them."""
        return "program" if self.allocation is None else "trial"


class ResourceUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What something cost, beside time."""

    evaluations: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0

    def __add__(self, other: "ResourceUsage") -> "ResourceUsage":
        return ResourceUsage(
            evaluations=self.evaluations + other.evaluations,
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_out=self.tokens_out + other.tokens_out,
            usd=self.usd + other.usd,
        )


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """One program that a proposer puts forward, sound or not."""

    source: str
    """The text of a program."""
    language: ControllerLanguage = ControllerLanguage.RHEO
    words: str = ""
    """The proposer's own account: what was changed and why."""
    parents: list[str] = []
    """Candidates, or names of the library, that it was made from; the main one first."""
    tries: int = 1
    """How often its proposer had to begin before there was a program, this one included."""
    temperature: float | None = None
    """The temperature that was sent to the model that wrote it; ``None`` for none."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal on its way through the checker."""

    candidate: str
    """The name that it will have, ``r003-2``."""
    proposer: str
    proposal: Proposal
    tries: int = 1
    """How many programs were written before this one passed, itself included."""
    diagnostics: str = ""
    """The checker's messages, whole, where it does not pass."""
    tuned: list[str] = []
    """The knobs whose constants were fitted, if any."""


class PointFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One point of a candidate's curve on one recording."""

    beta: float | None
    settings: dict[str, int | float]
    accuracy: float
    """Percent."""
    cost: float
    """Tokens for each question."""


class Gain(msgspec.Struct, frozen=True, kw_only=True):
    """The objective of one program less that of another, paired by question."""

    against: str
    """The name of the other."""
    value: float
    low: float
    high: float
    """The interval of 95 %."""

    @property
    def counts(self) -> bool:
        """Whether the interval lies above 0; its lower end is what counts of the gain."""
        return self.low > 0


class ReviewVerdict(Enum):
    """What became of a candidate."""

    BEST = "best"
    """More of its gain counts than of any before it."""
    KEPT = "kept"
    """It is sound and in the archive, and not the best; the reasons say why."""
    REFUSED = "refused"
    """It cannot be selected; the reasons say why."""
    UNSOUND = "unsound"
    """It did not check, after all tries."""
    REJECTED = "rejected"
    """A person said no."""


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What a candidate is worth on the search set."""

    candidate: str
    verdict: ReviewVerdict
    objective: float | None = None
    """Over all recordings."""
    by_recording: dict[str, float] = {}
    gain: Gain | None = None
    """Against the best before it."""
    baseline_gain: Gain | None = None
    """Against the best baseline; the lower end of its interval is what counts of it."""
    unseen_gain: Gain | None = None
    """``gain`` on the questions and recordings that the round withheld from the proposer."""
    shown_gain: float | None = None
    """Gain over the best baseline on what the round showed to the proposer."""
    withheld_gain: float | None = None
    """The same on what it withheld; ``None`` if it withheld nothing."""
    without: dict[str, float] = {}
    """The gain over the best baseline, leaving out one recording at a time, by the one left out."""
    size: int = 0
    """Nodes of the syntax tree."""
    reasons: list[str] = []
    points: dict[str, list[PointFigures]] = {}
    """By recording."""
    same_as: str | None = None
    """An earlier candidate with the same text, if there is one."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person said of a candidate."""

    candidate: str
    approved: bool
    note: str = ""
    by: str = ""
    """Who decided."""


class RoundSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a round came to."""

    round: int
    candidates: list[str]
    best: str | None
    """The best so far, behind this round; ``None`` while no candidate beats the baselines."""
    objective: float
    """Of the best so far, or of the best baseline."""
    usage: ResourceUsage
    """Of this round."""
    search: dict[str, dict[str, Any]] = {}
    """What each proposer says of its own search: variants tried, refused by reason, and so on."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended."""

    reason: str
    """In words: ``20 rounds were played``."""
    selected: str | None
    """The candidate, or ``None`` where none was fit or approved."""
    rounds: int
    usage: ResourceUsage

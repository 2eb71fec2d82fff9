"""The records of a run, as stored in its directory.

All are JSON by msgspec. A new field has a default, so that runs of an earlier version can be read;
the meaning of a field never changes. Times are UTC and occur in events only: everything else
follows from the request, so that a run that was killed and resumed ends with the same bytes.
"""

import itertools
from enum import Enum
from pathlib import Path, PurePath
from typing import Any

import msgspec

from agents.run.user_profiles import UserProfile
from store.pipelines.schema import HeldOutQuestions, Pipeline

VERSION = 2
"""Raised when a record is written that an earlier version would misread; 2 has allocations."""


class ControllerLanguage(Enum):
    """Language of controllers."""

    RHEO = "rheo"
    PYTHON = "python"
    """Checked against a policy, and played in containers."""

    @property
    def suffix(self) -> str:
        """Suffix of its files."""
        return {ControllerLanguage.RHEO: ".rheo", ControllerLanguage.PYTHON: ".py"}[self]


class ApprovalMode(Enum):
    """When a reviewer has to approve a controller."""

    AUTO = "auto"
    """Never: the best by its figures is selected."""
    EACH = "each"
    """For every candidate that beats the best so far."""
    FINAL = "final"
    """For the candidate that is to be selected."""


class FeedbackMode(Enum):
    """Contents of a brief."""

    FULL = "full"
    """Frontiers, line profiles, hindsight, diagnostic episodes."""
    SCALAR = "scalar"
    """One number for each candidate: an ablation."""


class RecordingRef(msgspec.Struct, frozen=True, kw_only=True):
    """A recording that a run reads."""

    label: str
    """``model/benchmark``."""
    path: Path
    """Absolute path."""
    digest: str


class BaselineRef(msgspec.Struct, frozen=True, kw_only=True):
    """A controller that candidates are compared with, at the settings of its curve."""

    controller: str
    """Name of a library controller, or path of a file."""
    settings: list[dict[str, int | float]] = []
    """Its settings; a controller that follows β needs none."""
    digest: str = ""
    """Digest of the program, if it is a file, which must not change during the run."""

    @property
    def label(self) -> str:
        """Name in output: the name of a file, without its directory."""
        path = PurePath(self.controller)
        return path.stem if len(path.parts) > 1 else self.controller


START_PROPOSER = "start"
"""Proposer name of the starting programs that the first round reviews."""


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
    """Limits at which a run ends; ``None`` for no limit."""

    rounds: int = 20
    evaluations: int | None = None
    """Programs played over the search set, each counted once per number of seeds; or trials."""
    minutes: float | None = None
    """Minutes of work over all sessions, without waiting for reviewers."""
    usd: float | None = None
    tokens: int | None = None
    """Tokens of language models, in and out."""


class ModelOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of calls of language models and agents."""

    base_url: str | None = None
    """URL of the server; ``None`` for the provider's own."""
    temperatures: list[float | None] = msgspec.field(default_factory=lambda: [0.3, 0.7, 1.0])
    """Temperatures of a round's candidates, in turn; ``None`` for the model's default."""
    reply_tokens: int = 8000
    """Maximum number of tokens of a reply, including its thinking."""
    constrained: bool = False
    """Whether replies are decoded under Rheo's grammar."""
    agent_minutes: float = 10.0
    """Maximum time of a command in a round."""
    agent_image: str | None = None
    """Image of the container that commands run in; ``None`` for no container."""
    agent_network: str = "none"
    """Docker network of the container."""
    agent_env: list[str] = []
    """Names of the environment variables that are passed to the container."""


class AllocationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Pipeline that a search for allocations plays trials on."""

    pipeline: Pipeline
    """The complete pipeline, so that the run needs no other file to be understood."""
    path: Path | None = None
    """Absolute path of the pipeline's file; ``None`` for a simulated pipeline."""
    digest: str
    """Digest of the pipeline and its questions."""
    held_out: HeldOutQuestions | None = None
    """Held-out questions, which only the report opens; ``None`` if there are none."""
    budget: float
    """Budget of a trial, in the unit of the pipeline."""
    record: Path | None = None
    """Record of trials to replay; ``None`` for none."""
    execute: bool = False
    """Whether trials that are not recorded are run on servers."""
    base_url: str = ""
    """URL of the server, if the pipeline's file names none."""
    governors: dict[str, list[str]] = {}
    """Controllers that may govern each stage, as ``CONTROLLER@BETA``."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Request of a run."""

    version: int = 1
    """2 for a search for allocations."""
    search: list[RecordingRef] = []
    """The search set; empty for a search for allocations."""
    held_out: list[RecordingRef] = []
    """Held-out recordings, which only the report opens."""
    proposers: list[str] = msgspec.field(default_factory=lambda: ["evolve"])
    language: ControllerLanguage = ControllerLanguage.RHEO
    """Language that models and agents write in."""
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
    """Random seed."""
    seeds: int = 40
    """Number of seeds with which candidates are reviewed."""
    screening: int = 12
    """Number of seeds with which variants are screened."""
    betas: list[float] = msgspec.field(default_factory=lambda: [i / 10 for i in range(11)])
    baselines: list[BaselineRef] = []
    per_round: int = 3
    """Maximum candidates of one proposer in a round."""
    round_evaluations: int = 240
    """Maximum programs that one proposer plays in a round before it proposes."""
    tune_evaluations: int = 120
    """Maximum programs that one fit of constants plays."""
    repairs: int = 2
    """Maximum tries of a proposer to repair a program that does not check."""
    brief_tokens: int = 6000
    """Maximum number of tokens of a brief."""
    budget: int | None = None
    """Budget of an episode in tokens; ``None`` for no limit."""
    kappa: int = 0
    """Price of a probe."""
    asking: ModelOptions = ModelOptions()
    caps: RunLimits = RunLimits()
    allocation: AllocationRequest | None = None
    """Pipeline of a search for allocations; ``None`` for a search for controllers."""

    @property
    def command(self) -> str:
        """The command that creates and resumes such a run."""
        return "discover" if self.allocation is None else "allocate"

    @property
    def plays(self) -> str:
        """Singular noun for what is counted as an evaluation."""
        return "program" if self.allocation is None else "trial"


class ResourceUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Cost of some work, without time."""

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
    """A program of a proposer; it need not check."""

    source: str
    """Source text of the program."""
    language: ControllerLanguage = ControllerLanguage.RHEO
    words: str = ""
    """Rationale of the proposer: what was changed and why."""
    parents: list[str] = []
    """Candidates or library controllers that it was derived from; the main parent first."""
    tries: int = 1
    """Number of tries of its proposer until there was a program, including this one."""
    temperature: float | None = None
    """Temperature that was sent to the model; ``None`` if none was sent."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal with its name and the result of the checker."""

    candidate: str
    """Name of the candidate, such as ``r003-2``."""
    proposer: str
    proposal: Proposal
    tries: int = 1
    """Number of programs that were written for it, including this one."""
    diagnostics: str = ""
    """Full messages of the checker; empty if it checks."""
    tuned: list[str] = []
    """Knobs whose constants were fitted."""


class PointFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One point of a candidate's curve on one recording."""

    beta: float | None
    settings: dict[str, int | float]
    accuracy: float
    """Accuracy in percent."""
    cost: float
    """Tokens per question."""
    sequential: float | None = None
    """Sequential tokens per question; ``None`` in runs of earlier versions."""


class Gain(msgspec.Struct, frozen=True, kw_only=True):
    """Difference between the objectives of two programs, paired by question."""

    against: str
    """Name of the other program."""
    value: float
    low: float
    high: float
    """Upper end of the confidence interval of 95 %; ``low`` is the lower end."""

    @property
    def counts(self) -> bool:
        """Whether the gain is significant: its interval is above 0."""
        return self.low > 0

    @property
    def caveat(self) -> str:
        """Return why the gain does not count: a loss, or not significant; empty if it does."""
        if self.counts:
            return ""
        return "the whole interval is below 0" if self.high < 0 else "the interval includes 0"


class ReviewVerdict(Enum):
    """Outcome of a candidate."""

    BEST = "best"
    """It beats the best before it."""
    KEPT = "kept"
    """It checks and is in the archive, but is not the best, for the stated reasons."""
    REFUSED = "refused"
    """It cannot be selected, for the stated reasons."""
    UNSOUND = "unsound"
    """It does not check after all tries."""
    REJECTED = "rejected"
    """A reviewer rejected it."""


class CrossValidation(msgspec.Struct, frozen=True, kw_only=True):
    """Gains over the best baseline on what the choice of a candidate did not use."""

    questions: Gain
    """Each quarter of the questions is scored with the candidate chosen on the others."""
    recordings: Gain | None
    """Each recording is scored with the candidate chosen on the others; ``None`` for one."""
    chosen: list[str]
    """The candidates that were chosen, without repetition."""


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """Review of a candidate on the search set."""

    candidate: str
    verdict: ReviewVerdict
    objective: float | None = None
    """Objective over all recordings; ``None`` if it could not be played."""
    by_recording: dict[str, float] = {}
    gain: Gain | None = None
    """Gain over the best before it."""
    baseline_gain: Gain | None = None
    """Gain over the best baseline; the lower end of its interval is compared."""
    unseen_gain: Gain | None = None
    """``gain`` on the questions and recordings that the round withheld from the proposer."""
    shown_gain: float | None = None
    """Gain over the best baseline on what the round showed to the proposer."""
    withheld_gain: float | None = None
    """The same on what it withheld; ``None`` if it withheld nothing."""
    without: dict[str, float] = {}
    """The gain over the best baseline, leaving out one recording at a time, by the one left out."""
    size: int = 0
    """Number of nodes of the syntax tree."""
    reasons: list[str] = []
    points: dict[str, list[PointFigures]] = {}
    """Points of its curve, by recording."""
    same_as: str | None = None
    """An earlier candidate with the same text, if there is one."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Decision of a reviewer about a candidate."""

    candidate: str
    approved: bool
    note: str = ""
    by: str = ""
    """Name of the reviewer."""


class RoundSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Summary of a completed round."""

    round: int
    candidates: list[str]
    best: str | None
    """The best so far, after this round; ``None`` while no candidate beats the baselines."""
    objective: float
    """Objective of the best so far, or of the best baseline."""
    usage: ResourceUsage
    """Cost of this round."""
    search: dict[str, dict[str, Any]] = {}
    """Diagnostics of each proposer's search, such as variants tried, and refused by reason."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended."""

    reason: str
    """Why it ended: ``20 rounds were played``."""
    selected: str | None
    """The selected candidate; ``None`` if none qualified or was approved."""
    rounds: int
    usage: ResourceUsage

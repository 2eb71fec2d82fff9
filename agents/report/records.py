"""Records of a report, computed once; every output format uses only these."""

from datetime import datetime
from enum import Enum
from typing import Any

import msgspec

from agents.run.records import CrossValidation, Decision, Gain, ResourceUsage
from agents.run.user_profiles import UserProfile
from harness.evaluation.sweep import SweepRow
from harness.explanation.line_profile import Profile


class ControllerRole(Enum):
    """Why a controller is shown."""

    WINNER = "winner"
    """The selected controller; while the run continues, the best so far."""
    RUNNER_UP = "runner-up"
    SEED = "seed"
    """The program that evolution built the winner from; the gain beyond it comes from the
    search."""
    BASELINE = "baseline"
    REFERENCE = "reference"
    """A controller of the library to compare with, or the one that the objective names."""


class ReportedController(msgspec.Struct, frozen=True, kw_only=True):
    """A controller in the report."""

    label: str
    """Name of a candidate or a baseline."""
    role: ControllerRole
    name: str
    """Title as the program states it."""
    title: str
    digest: str
    """SHA-256 of its source text."""


class ReportedRecording(msgspec.Struct, frozen=True, kw_only=True):
    """A recording, identified by content; its path is not part of a report."""

    label: str
    digest: str
    questions: int


class ObjectiveEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """Objective of a controller over one recording, or the mean over all.

    In points of percent. Interval ends are at the 95 % level. ``None`` if there is no such figure:
    an area needs baselines of more than one cost.
    """

    controller: str
    recording: str
    """Label of the recording, or ``mean`` over all."""
    value: float | None
    low: float | None
    high: float | None
    gain: float | None
    """Objective minus that of the best baseline, paired by question."""
    gain_low: float | None
    gain_high: float | None


class TokenRatio(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens that a controller needs to match the accuracy of a reference.

    For each point of the reference: the fewest tokens at which the controller's curve reaches its
    accuracy, divided by the tokens of the point. Below 1, the controller is cheaper.
    """

    controller: str
    reference: str
    recording: str
    """Label of the recording, or ``mean`` for the geometric mean over recordings."""
    ratio: float | None
    """Geometric mean over the points that are reached; ``None`` if none is."""
    low: float | None
    high: float | None
    """``None`` if the interval is unbounded: in some bootstrap samples, points are not reached."""
    points: int
    missed: int
    """Number of points whose accuracy the controller never reaches; they are not in the mean."""
    sequential: float | None = None
    """The same ratio of sequential tokens, at the points of equal accuracy."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """Figures over the search set or over the held-out recordings."""

    recordings: list[ReportedRecording]
    seeds: int
    best_baseline: str
    """Baseline with the highest objective on the search set."""
    rows: list[SweepRow]
    """Every controller at every setting, with differences from the best baseline."""
    worths: list[ObjectiveEstimate]
    over_seed: ObjectiveEstimate | None
    """The winner over the whole side, with its gain over the seed that it was built from;
    ``None`` if there is no such seed."""
    ratios: list[TokenRatio]
    left_out: dict[str, str]
    """Controllers that cannot be played here, with reasons."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A time at which held-out recordings were opened for programs not yet evaluated on them."""

    at: datetime
    programs: list[str]


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One round of the trajectory."""

    round: int
    best: str | None
    objective: float
    """Objective of the best so far, or of the best baseline, as reviewed."""
    gain: Gain | None
    """Gain of the best so far over the best baseline."""
    verdicts: dict[str, int]
    """Number of the round's candidates by verdict."""
    usage: ResourceUsage


class ProposerResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one proposer brought, and what it cost."""

    proposer: str
    rounds: int
    candidates: int
    best: str | None
    """Its candidate with the highest objective; ``None`` if none was scored."""
    objective: float | None
    gain: Gain | None
    """Gain of that candidate over the best baseline."""
    usage: ResourceUsage


class CarryOver(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a gain that held on what a round withheld from its proposers.

    Each scored candidate has a gain over the best baseline on the shown and on the withheld part of
    its round. The share is the sum of the latter over the sum of the former.
    """

    candidates: int
    share: float | None
    """``None`` if nothing was withheld, or nothing was gained on the shown part."""
    low: float | None
    high: float | None
    """The interval of 95 %, by bootstrap over candidates."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Cost of the discovery so far."""

    rounds: int
    candidates: int
    usage: ResourceUsage
    minutes: float
    """Minutes of work, without waiting for decisions."""


class Ancestor(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a descent."""

    candidate: str
    proposer: str
    parents: list[str]
    words: str
    """Rationale of the proposer."""
    headline: str
    """Difference from the main parent; empty if the parent's text is unknown."""
    details: list[str]


class Winner(msgspec.Struct, frozen=True, kw_only=True):
    """Details of the winner."""

    candidate: str
    source: str
    descent: list[Ancestor]
    """The winner first, then its main parent, and so on."""
    tuned: list[str]
    """Names of the knobs whose constants were fitted."""
    betas: list[float]
    schedule: dict[str, list[float]]
    """By knob, its value at each β; empty if it does not follow β."""
    settings: dict[str, int | float]
    """Settings of the free knobs for the profile."""
    profile: Profile
    """Line profile at β 0.5, over the search set."""
    profile_seeds: int


class RunPhase(Enum):
    """Phase of a run."""

    ENDED = "ended"
    WAITING = "waiting"
    """Waits for a reviewer."""
    AT_WORK = "at work"
    STOPPED = "stopped"
    """Unfinished, and no process is working on it."""


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of a run so far."""

    state: RunPhase
    says: str
    """How the run ended, or its present status."""
    waiting: str | None
    """The candidate that waits for a decision."""
    objective: str
    seeds: int
    """Permutations under which candidates were reviewed."""
    betas: list[float]
    proposers: list[str]
    held_out: list[str]
    """Labels of the held-out recordings."""
    profiles: list[UserProfile] = []
    """The user profiles of the objective ``meet``."""
    controllers: list[ReportedController]
    search: Side
    unseen: Side | None
    """Figures over the held-out recordings; ``None`` if they were not opened."""
    opened: list[Opening]
    trajectory: list[Round]
    cost: Cost
    by_proposer: list[ProposerResult] = []
    carry_over: CarryOver | None = None
    cross_validation: CrossValidation | None = None
    """Gains where the choice of the winner did not look."""
    decisions: list[Decision]
    diagnostics: dict[str, list[dict[str, Any]]]
    """By proposer and round, diagnostics of the search."""
    winner: Winner | None

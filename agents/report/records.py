"""What a report shows, computed once: every face of it is drawn from these records alone."""

from datetime import datetime
from enum import Enum
from typing import Any

import msgspec

from agents.run.records import Decision, Gain, ResourceUsage
from harness.evaluation.sweep import SweepRow
from harness.explanation.line_profile import Profile


class ControllerRole(Enum):
    """Why a controller is shown."""

    WINNER = "winner"
    """The one that was selected; while the run goes on, the best so far."""
    RUNNER_UP = "runner-up"
    SEED = "seed"
    """The program that evolution made the winner from: what it gains beyond that is its own."""
    BASELINE = "baseline"
    PUBLISHED = "published"
    """The published discovered controller. The search never knew it."""


class ReportedController(msgspec.Struct, frozen=True, kw_only=True):
    """A controller that is shown."""

    label: str
    """A candidate, or the name of a baseline."""
    role: ControllerRole
    name: str
    """As the program has it."""
    title: str
    digest: str
    """SHA-256 of its text."""


class ReportedRecording(msgspec.Struct, frozen=True, kw_only=True):
    """A recording, by content: where it lies is no part of a report."""

    label: str
    digest: str
    questions: int


class ObjectiveEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """The objective of a controller over one recording, or the mean over all.

    In points of percent. Ends of intervals are those of 95 %. ``None`` where there is no such
    figure: an area needs baselines of more than one cost.
    """

    controller: str
    recording: str
    """``mean`` for the mean over all."""
    value: float | None
    low: float | None
    high: float | None
    gain: float | None
    """Less the objective of the best baseline, paired by question."""
    gain_low: float | None
    gain_high: float | None


class TokenRatio(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens that a controller needs to be as accurate as a reference.

    For each point of the reference: the fewest tokens at which the controller's curve has the
    accuracy of the point, over the tokens of the point. Below 1, the controller is the cheaper.
    """

    controller: str
    reference: str
    recording: str
    """``mean`` for the geometric mean over recordings."""
    ratio: float | None
    """The geometric mean over the points that are reached; ``None`` where none is."""
    low: float | None
    high: float | None
    """``None`` where the interval is not bounded: in some drawings, points are not reached."""
    points: int
    missed: int
    """The points whose accuracy the controller never has; they are not in the mean."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """The figures over the search set, or over what was held out."""

    recordings: list[ReportedRecording]
    seeds: int
    best_baseline: str
    """The baseline that is worth most on the search set."""
    rows: list[SweepRow]
    """Every controller at every setting, differences being to the best baseline."""
    worths: list[ObjectiveEstimate]
    over_seed: ObjectiveEstimate | None
    """The winner over the whole side, its gain being over the seed that it was made from; ``None``
    where it was made from none."""
    ratios: list[TokenRatio]
    left_out: dict[str, str]
    """Controllers that cannot be played here, and why."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A time at which held-out recordings were opened for programs that had not met them."""

    at: datetime
    programs: list[str]


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the trajectory."""

    round: int
    best: str | None
    objective: float
    """Of the best so far, or of the best baseline, as reviewed."""
    gain: Gain | None
    """Of the best so far over the best baseline."""
    verdicts: dict[str, int]
    """How many candidates of the round came to what."""
    usage: ResourceUsage


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What the discovery cost so far."""

    rounds: int
    candidates: int
    usage: ResourceUsage
    minutes: float
    """Of work: waiting for people is not counted."""


class Ancestor(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a descent."""

    candidate: str
    proposer: str
    parents: list[str]
    words: str
    """The proposer's own."""
    headline: str
    """What became of the main parent; empty where its text is not known."""
    details: list[str]


class Winner(msgspec.Struct, frozen=True, kw_only=True):
    """The winner, looked at closely."""

    candidate: str
    source: str
    descent: list[Ancestor]
    """The winner first, then its main parent, and so on."""
    tuned: list[str]
    """The knobs whose constants were fitted."""
    betas: list[float]
    schedule: dict[str, list[float]]
    """By knob, its value at each β; empty where it does not follow β."""
    settings: dict[str, int | float]
    """At which free knobs it was profiled."""
    profile: Profile
    """At β 0.5, over the search set."""
    profile_seeds: int


class RunPhase(Enum):
    """Where a run stands."""

    ENDED = "ended"
    WAITING = "waiting"
    """For a person."""
    AT_WORK = "at work"
    STOPPED = "stopped"
    """Before its end, and nobody is at work on it."""


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """A run, as far as it came."""

    state: RunPhase
    says: str
    """How it ended, or how it stands, in words."""
    waiting: str | None
    """The candidate that waits for a person."""
    objective: str
    seeds: int
    """Shuffles under which candidates were reviewed."""
    betas: list[float]
    proposers: list[str]
    held_out: list[str]
    """The labels of what was named as held out."""
    controllers: list[ReportedController]
    search: Side
    unseen: Side | None
    """Over what was held out; ``None`` where that was not opened."""
    opened: list[Opening]
    trajectory: list[Round]
    cost: Cost
    decisions: list[Decision]
    diagnostics: dict[str, list[dict[str, Any]]]
    """By proposer and round, what it says of its own search."""
    winner: Winner | None

"""Read a run while another process writes it: without locks, and reading each file once."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from agents.allocation.run_trials import read_run_trial
from agents.run import directory
from agents.run.damage import describe_state, find_damage
from agents.run.directory import RunDirectory
from agents.run.events import Event, EventFollower
from agents.run.records import (
    Draft,
    Ending,
    Gain,
    PointFigures,
    Request,
    ResourceUsage,
    Review,
    RoundSummary,
)
from harness.errors import InputError
from harness.evaluation.cost_axis import CostAxis, get_cost

T = TypeVar("T")


class PointMeans(NamedTuple):
    """Figures of one point, averaged over recordings."""

    accuracy: float
    cost: float
    """Tokens; for an allocation, its cost."""
    sequential: float | None
    """Sequential tokens; ``None`` if they are not known."""


class CandidateView(NamedTuple):
    """One candidate so far."""

    name: str
    round: int
    proposer: str
    parent: str
    """Name of a candidate, of a library controller, or empty."""
    words: str
    verdict: str
    """Verdict; ``…`` until it is reviewed."""
    review: Review | None
    diagnostics: str
    trial: tuple[float, float] | None = None
    """For an allocation: cost, and score in percent."""

    @property
    def objective(self) -> float | None:
        """Objective on the whole search set."""
        return None if self.review is None else self.review.objective

    @property
    def gain(self) -> Gain | None:
        """Gain over the best baseline; for an allocation, over the previous best."""
        if self.review is None:
            return None
        return self.review.baseline_gain if self.trial is None else self.review.gain

    def at(self, beta: float) -> PointMeans | None:
        """Return the figures at the point nearest to a β, averaged over recordings.

        For an allocation, return its score and cost.
        """
        if self.trial is not None:
            return PointMeans(self.trial[1], self.trial[0], None)
        if self.review is None or not self.review.points:
            return None
        nearest = [_nearest(points, beta) for points in self.review.points.values() if points]
        if not nearest:
            return None
        return _average(nearest)

    def curve(self, axis: CostAxis = CostAxis.TOKENS) -> list[tuple[float, float]]:
        """Return (cost, accuracy) of each point; an allocation has one point.

        It is empty over sequential tokens if the review is of a version that did not store them.
        """
        if self.trial is not None:
            return [self.trial]
        if self.review is None or not self.review.points:
            return []
        together = zip(*self.review.points.values(), strict=False)
        means = [_average(points) for points in together]
        costs = [get_cost(point, axis) for point in means]
        return sorted(
            (cost, point.accuracy)
            for cost, point in zip(costs, means, strict=True)
            if cost is not None
        )


class RunView(NamedTuple):
    """Present state of a run."""

    path: Path
    state: str
    """``at work``, ``waits: r003-1``, ``stopped``, ``ended``, ``damaged``."""
    problem: str
    """What cannot be read; empty if everything can."""
    request: Request | None
    rounds: int
    """Completed rounds."""
    begun: int
    """The latest round that began."""
    best: str | None
    objective: float | None
    used: ResourceUsage
    minutes: float
    last: Event | None
    waiting: str | None
    ending: Ending | None
    candidates: tuple[CandidateView, ...]
    playing: tuple[str, int]
    """The active proposer of the present round, and how many programs it has played."""
    guidelines: tuple[str, ...] = ()
    """Latest guidelines, for a run of trials."""

    @property
    def age(self) -> float | None:
        """Seconds since the last event."""
        return None if self.last is None else (datetime.now(UTC) - self.last.at).total_seconds()

    @property
    def hangs(self) -> bool:
        """Return whether a run at work has been silent for so long that it seems stuck."""
        return self.state == "at work" and (self.age or 0) > SILENT

    def candidate(self, name: str) -> CandidateView | None:
        """Return a candidate by name."""
        return next((candidate for candidate in self.candidates if candidate.name == name), None)


SILENT = 300.0
"""Seconds without an event after which a run at work seems stuck."""


class RunReader:
    """Reader that polls a run.

    Args:
        path: Run directory.
    """

    def __init__(self, path: Path):
        self.run = RunDirectory(path)
        self._follower = EventFollower(self.run.events_path)
        self._last: Event | None = None
        self._waiting: str | None = None
        self._seconds = 0.0
        self._begun = 0
        self._playing = ("", 0)
        self._candidate_cache: dict[str, tuple[tuple[int, int], CandidateView]] = {}
        self._summaries: dict[str, RoundSummary] = {}
        self._damage_cache: dict[Path, tuple[int, str]] = {}

    @property
    def is_allocation_run(self) -> bool:
        """Return whether the run searches for allocations, as far as its request can be read."""
        request = _tried([], lambda: self.run.request)
        return request is not None and request.allocation is not None

    def read_view(self) -> RunView:
        """Return the present state of the run. Damaged files are reported, not raised."""
        for event in self._follower.read_new():
            self._take(event)
        problems: list[str] = []
        request = _tried(problems, lambda: self.run.request)
        ending = _tried(problems, lambda: self.run.ending)
        waiting = self._waiting
        if waiting is not None and self.run.has(f"decisions/{waiting}.json"):
            waiting = None
        summaries = self._rounds(problems)
        used = ResourceUsage()
        for summary in summaries:
            used += summary.usage
        last = summaries[-1] if summaries else None
        candidates = self._candidates(problems)
        damage = find_damage(self.run, self._damage_cache)
        return RunView(
            path=self.run.path,
            state=describe_state(
                self.run, ended=ending is not None, waiting=waiting, damage=damage
            ),
            problem=next(iter([*damage, *problems]), ""),
            request=request,
            rounds=len(summaries),
            begun=self._begun,
            best=None if last is None else last.best,
            objective=None if last is None else last.objective,
            used=used,
            minutes=self._seconds / 60,
            last=self._last,
            waiting=waiting,
            ending=ending,
            candidates=candidates,
            playing=self._playing,
            guidelines=_guidelines(summaries),
        )

    def _take(self, event: Event) -> None:
        before = self._last
        if event.session:
            if before is not None and before.session == event.session and before.kind != "waiting":
                self._seconds += (event.at - before.at).total_seconds()
            self._last = event
        match event.kind:
            case "waiting":
                self._waiting = event.candidate
            case "decided" | "archived" | "ended":
                self._waiting = None
            case "round":
                self._begun, self._playing = event.round or 0, ("", 0)
            case "searching":
                played = event.data.get("played", 0)
                self._playing = (event.proposer or "", played if isinstance(played, int) else 0)
            case _:
                pass

    def _rounds(self, problems: list[str]) -> list[RoundSummary]:
        rounds = []
        for path in sorted((self.run.path / "rounds").glob("*/summary.json")):
            relative = f"rounds/{path.parent.name}/summary.json"
            if relative not in self._summaries:  # it is written once
                summary = _tried(problems, partial(self.run.read, relative, RoundSummary))
                if summary is None:
                    continue
                self._summaries[relative] = summary
            rounds.append(self._summaries[relative])
        return rounds

    def _candidates(self, problems: list[str]) -> tuple[CandidateView, ...]:
        candidates = []
        for folder in sorted((self.run.path / "candidates").glob("r*-*"), key=_order):
            name = folder.name
            stamp = (_changed(folder / "draft.json"), _changed(folder / "review.json"))
            cached = self._candidate_cache.get(name)
            if cached is None or cached[0] != stamp:
                view = _tried(problems, partial(self._candidate, name))
                if view is None:
                    continue
                self._candidate_cache[name] = cached = (stamp, view)
            candidates.append(cached[1])
        return tuple(candidates)

    def _candidate(self, name: str) -> CandidateView:
        draft = self.run.draft(name)
        reviewed = self.run.has(f"candidates/{name}/review.json")
        review = self.run.review(name) if reviewed else None
        played = read_run_trial(self.run, name)
        return CandidateView(
            name=name,
            round=_order(Path(name))[0],
            proposer=draft.proposer,
            parent=next(iter(draft.proposal.parents), ""),
            words=draft.proposal.words,
            verdict=review.verdict.value if review is not None else _unreviewed(draft),
            review=review,
            diagnostics=draft.diagnostics,
            trial=None if played is None else (played.cost, 100 * played.score),
        )


def _guidelines(summaries: list[RoundSummary]) -> tuple[str, ...]:
    """Return the latest guidelines."""
    for summary in reversed(summaries):
        for search in summary.search.values():
            if search.get("guidelines"):
                return tuple(map(str, search["guidelines"]))
    return ()


def _tried(problems: list[str], read: Callable[[], T]) -> T | None:
    """Return what could be read, and add problems to a list."""
    try:
        return read()
    except (InputError, OSError) as problem:
        problems.append(str(problem))
        return None


def find_run_folders(folder: Path) -> list[Path]:
    """List the run directories in a folder, or the folder itself if it is a run."""
    try:
        return [run.path for run in directory.find_runs(folder)]
    except OSError:
        return []


def _average(points: Sequence[PointFigures]) -> PointMeans:
    """Average points over recordings."""
    sequential = [point.sequential for point in points if point.sequential is not None]
    count = len(points)
    return PointMeans(
        accuracy=sum(point.accuracy for point in points) / count,
        cost=sum(point.cost for point in points) / count,
        sequential=sum(sequential) / count if len(sequential) == count else None,
    )


def _nearest(points: list[PointFigures], beta: float) -> PointFigures:
    return min(points, key=lambda point: abs((point.beta or 0.0) - beta))


def _order(folder: Path) -> tuple[int, int]:
    """Sort key: round, then index in it."""
    number, _, suffix = folder.name.removeprefix("r").partition("-")
    return (int(number) if number.isdigit() else 0, int(suffix) if suffix.isdigit() else 0)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _unreviewed(draft: Draft) -> str:
    return "unsound" if draft.diagnostics else "…"

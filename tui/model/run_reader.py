"""Reads a run while it is written, by another process: it never locks, and reads nothing twice."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from agents.allocation.run_trials import read_run_trial
from agents.run import directory
from agents.run.damage import find_damage, state_of
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

T = TypeVar("T")


class CandidateView(NamedTuple):
    """One candidate, as far as it has come."""

    name: str
    round: int
    proposer: str
    parent: str
    """A candidate, a name of the library, or nothing."""
    words: str
    verdict: str
    """``…`` while it is not reviewed."""
    review: Review | None
    diagnostics: str
    trial: tuple[float, float] | None = None
    """Of an allocation: cost, and score in percent."""

    @property
    def objective(self) -> float | None:
        """On the whole search set."""
        return None if self.review is None else self.review.objective

    @property
    def gain(self) -> Gain | None:
        """Over the best baseline; of an allocation, over the best before it."""
        if self.review is None:
            return None
        return self.review.baseline_gain if self.trial is None else self.review.gain

    def at(self, beta: float) -> tuple[float, float] | None:
        """Accuracy and tokens at the point nearest to a β, the means over recordings.

        Of an allocation they are its score and its cost.
        """
        if self.trial is not None:
            return self.trial[1], self.trial[0]
        if self.review is None or not self.review.points:
            return None
        found = [_nearest(points, beta) for points in self.review.points.values() if points]
        if not found:
            return None
        accuracies, costs = zip(*((each.accuracy, each.cost) for each in found), strict=True)
        return sum(accuracies) / len(found), sum(costs) / len(found)

    @property
    def curve(self) -> list[tuple[float, float]]:
        """(tokens, accuracy) of each point, the means over recordings; of an allocation one."""
        if self.trial is not None:
            return [self.trial]
        if self.review is None or not self.review.points:
            return []
        together = zip(*self.review.points.values(), strict=False)
        return sorted(
            (
                sum(each.cost for each in points) / len(points),
                sum(each.accuracy for each in points) / len(points),
            )
            for points in together
        )


class RunView(NamedTuple):
    """A run as it stands."""

    path: Path
    state: str
    """``at work``, ``waits: r003-1``, ``stopped``, ``ended``, ``damaged``."""
    problem: str
    """What of it cannot be read; empty where all can."""
    request: Request | None
    rounds: int
    """Rounds that are over."""
    begun: int
    """The round that has begun last."""
    best: str | None
    objective: float | None
    used: ResourceUsage
    minutes: float
    last: Event | None
    waiting: str | None
    ending: Ending | None
    candidates: tuple[CandidateView, ...]
    playing: tuple[str, int]
    """Who searches in the present round, and how many programs it has played."""
    guidelines: tuple[str, ...] = ()
    """Of a run of trials, as they were written last."""

    @property
    def age(self) -> float | None:
        """Seconds since the last event."""
        return None if self.last is None else (datetime.now(UTC) - self.last.at).total_seconds()

    @property
    def hangs(self) -> bool:
        """Whether a run at work has been silent for so long that it looks stuck."""
        return self.state == "at work" and (self.age or 0) > SILENT

    def candidate(self, name: str) -> CandidateView | None:
        """One of its candidates."""
        return next((each for each in self.candidates if each.name == name), None)


SILENT = 300.0
"""Seconds without an event after which a run at work looks stuck."""


class RunReader:
    """Looks at a run again and again.

    Args:
        path: its directory.
    """

    def __init__(self, path: Path):
        self.run = RunDirectory(path)
        self._follower = EventFollower(self.run.events_path)
        self._last: Event | None = None
        self._waiting: str | None = None
        self._seconds = 0.0
        self._begun = 0
        self._playing = ("", 0)
        self._kept: dict[str, tuple[tuple[int, int], CandidateView]] = {}
        self._summaries: dict[str, RoundSummary] = {}
        self._found: dict[Path, tuple[int, str]] = {}

    @property
    def is_allocation_run(self) -> bool:
        """Whether it looks for allocations, as far as its request can be read."""
        request = _tried([], lambda: self.run.request)
        return request is not None and request.allocation is not None

    def look(self) -> RunView:
        """The run as it stands. Whatever is wrong with its files is told, and nothing is raised."""
        for event in self._follower.new():
            self._take(event)
        problems: list[str] = []
        request = _tried(problems, lambda: self.run.request)
        ending = _tried(problems, lambda: self.run.ending)
        waiting = self._waiting
        if waiting is not None and self.run.has(f"decisions/{waiting}.json"):
            waiting = None
        summaries = self._rounds(problems)
        used = ResourceUsage()
        for each in summaries:
            used += each.usage
        last = summaries[-1] if summaries else None
        candidates = self._candidates(problems)
        damage = find_damage(self.run, self._found)
        return RunView(
            path=self.run.path,
            state=state_of(self.run, ended=ending is not None, waiting=waiting, damage=damage),
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
        found = []
        for path in sorted((self.run.path / "rounds").glob("*/summary.json")):
            place = f"rounds/{path.parent.name}/summary.json"
            if place not in self._summaries:  # it is written once
                summary = _tried(problems, partial(self.run.read, place, RoundSummary))
                if summary is None:
                    continue
                self._summaries[place] = summary
            found.append(self._summaries[place])
        return found

    def _candidates(self, problems: list[str]) -> tuple[CandidateView, ...]:
        found = []
        for folder in sorted((self.run.path / "candidates").glob("r*-*"), key=_order):
            name = folder.name
            stamp = (_changed(folder / "draft.json"), _changed(folder / "review.json"))
            kept = self._kept.get(name)
            if kept is None or kept[0] != stamp:
                made = _tried(problems, partial(self._candidate, name))
                if made is None:
                    continue
                self._kept[name] = kept = (stamp, made)
            found.append(kept[1])
        return tuple(found)

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
    """The guidelines of the last round that wrote any."""
    for summary in reversed(summaries):
        for search in summary.search.values():
            if search.get("guidelines"):
                return tuple(map(str, search["guidelines"]))
    return ()


def _tried(problems: list[str], read: Callable[[], T]) -> T | None:
    """What could be read; what is wrong is told in a list."""
    try:
        return read()
    except (InputError, OSError) as problem:
        problems.append(str(problem))
        return None


def find_run_folders(folder: Path) -> list[Path]:
    """The runs of a directory, or the directory itself where it is a run; see `agents.run`."""
    try:
        return [each.path for each in directory.find_runs(folder)]
    except OSError:
        return []


def _nearest(points: list[PointFigures], beta: float) -> PointFigures:
    return min(points, key=lambda each: abs((each.beta or 0.0) - beta))


def _order(folder: Path) -> tuple[int, int]:
    """By round, then by place in it."""
    number, _, place = folder.name.removeprefix("r").partition("-")
    return (int(number) if number.isdigit() else 0, int(place) if place.isdigit() else 0)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _unreviewed(draft: Draft) -> str:
    return "unsound" if draft.diagnostics else "…"

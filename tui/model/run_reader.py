"""Read a run while another process writes it: without locks, and reading each file once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from threading import Lock
from typing import NamedTuple, TypeVar

import numpy as np

from agents.allocation.run_trials import read_run_trial
from agents.run import directory
from agents.run.damage import describe_state, find_damage
from agents.run.directory import RunDirectory
from agents.run.events import Event, EventFollower
from agents.run.records import (
    Draft,
    Ending,
    Gain,
    Request,
    ResourceUsage,
    RoundSummary,
)
from harness.errors import InputError
from harness.evaluation.cost_axis import CostAxis
from tui.model.candidate_figures import FigureTable, PointArray, collect_points, compute_curve

T = TypeVar("T")


@dataclass(frozen=True, eq=False, slots=True)
class CandidateView:
    """One candidate so far; it is read again only if its files change, and equals itself alone."""

    name: str
    round: int
    proposer: str
    parent: str
    """Name of a candidate, of a library controller, or empty."""
    words: str
    verdict: str
    """Verdict; ``…`` until it is reviewed."""
    diagnostics: str
    objective: float | None
    """Objective on the whole search set; ``None`` if it was not computed."""
    by_recording: Mapping[str, float]
    """Objective on each recording."""
    gain: Gain | None
    """Gain over the best baseline; for an allocation, over the previous best."""
    reasons: Sequence[str]
    """Reasons of the verdict."""
    points: PointArray | None
    """Points of its curve; an allocation has one point, without β."""
    trial: tuple[float, float] | None = None
    """For an allocation: cost, and score in percent."""

    def curve(self, axis: CostAxis = CostAxis.TOKENS) -> list[tuple[float, float]]:
        """Return (cost, accuracy) of each point; an allocation has one point.

        It is empty over sequential tokens if the review is of a version that did not store them.
        """
        return [] if self.points is None else compute_curve(self.points, axis)


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
    """Candidates in order of arrival; the same object while none of them changes."""
    figures: FigureTable
    """Figures of the candidates, in their order."""
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
        self._lock = Lock()
        self._follower = EventFollower(self.run.events_path)
        self._last: Event | None = None
        self._waiting: str | None = None
        self._seconds = 0.0
        self._begun = 0
        self._playing = ("", 0)
        self._candidate_cache: dict[str, tuple[tuple[int, int], CandidateView]] = {}
        self._record_paths: dict[str, tuple[Path, Path]] = {}
        self._candidates: tuple[CandidateView, ...] = ()
        self._figures = FigureTable()
        self._summaries: dict[str, RoundSummary] = {}
        self._damage_cache: dict[Path, tuple[int, str]] = {}

    @property
    def is_allocation_run(self) -> bool:
        """Return whether the run searches for allocations, as far as its request can be read."""
        request = _tried([], lambda: self.run.request)
        return request is not None and request.allocation is not None

    def read_view(self) -> RunView:
        """Return the present state of the run. Damaged files are reported, not raised.

        Screens may call this in several threads at once: what is read is read by one of them.
        """
        with self._lock:
            return self._read_view()

    def _read_view(self) -> RunView:
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
        self._read_candidates(problems)
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
            candidates=self._candidates,
            figures=self._figures,
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

    def _read_candidates(self, problems: list[str]) -> None:
        candidates = []
        for name in sorted(_list_candidates(self.run.path / "candidates"), key=_order):
            paths = self._record_paths.get(name)
            if paths is None:  # making paths takes longer than looking at them
                folder = self.run.path / "candidates" / name
                paths = self._record_paths[name] = (folder / "draft.json", folder / "review.json")
            stamp = (_changed(paths[0]), _changed(paths[1]))
            cached = self._candidate_cache.get(name)
            if cached is None or cached[0] != stamp:
                view = _tried(problems, partial(self._candidate, name))
                if view is None:
                    continue
                self._candidate_cache[name] = cached = (stamp, view)
            candidates.append(cached[1])
        if self._candidates != (found := tuple(candidates)):
            self._candidates = found
            self._figures = FigureTable([candidate.points for candidate in found])

    def _candidate(self, name: str) -> CandidateView:
        draft = self.run.draft(name)
        reviewed = self.run.has(f"candidates/{name}/review.json")
        review = self.run.review(name) if reviewed else None
        played = read_run_trial(self.run, name)
        trial = None if played is None else (played.cost, 100 * played.score)
        points = None if review is None else collect_points(review.points)
        if trial is not None:
            points = np.array([[[0.0, trial[1], trial[0], np.nan]]])
        gain = None
        if review is not None:
            gain = review.baseline_gain if trial is None else review.gain
        return CandidateView(
            name=name,
            round=_order(name)[0],
            proposer=draft.proposer,
            parent=next(iter(draft.proposal.parents), ""),
            words=draft.proposal.words,
            verdict=review.verdict.value if review is not None else _unreviewed(draft),
            diagnostics=draft.diagnostics,
            objective=None if review is None else review.objective,
            by_recording={} if review is None else review.by_recording,
            gain=gain,
            reasons=() if review is None else tuple(review.reasons),
            points=points,
            trial=trial,
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


def _list_candidates(folder: Path) -> list[str]:
    """List the names of the candidates in a directory."""
    try:
        return [path.name for path in folder.iterdir() if fnmatch(path.name, "r*-*")]
    except OSError:
        return []


def _order(name: str) -> tuple[int, int]:
    """Sort key: round, then index in it."""
    number, _, suffix = name.removeprefix("r").partition("-")
    return (int(number) if number.isdigit() else 0, int(suffix) if suffix.isdigit() else 0)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _unreviewed(draft: Draft) -> str:
    return "unsound" if draft.diagnostics else "…"

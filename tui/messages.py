"""What workers tell the screens: they post these, and touch no widget."""

from dataclasses import dataclass

from textual.message import Message

from tui.model.replay import LineFigures, ProgramOutcomes
from tui.model.run_reader import RunView
from tui.model.timeline import EpisodeTimeline
from tui.model.trials import TrialsView


@dataclass
class RunsLoaded(Message):
    """The runs, as they stand."""

    views: list[RunView]


@dataclass
class TrialsLoaded(Message):
    """A run of trials, as it stands."""

    view: RunView
    trials: TrialsView


@dataclass
class CurvesReady(Message):
    """Curves by label, in the order in which they are drawn."""

    curves: dict[str, list[tuple[float, float]]]


@dataclass
class LinesReady(Message):
    """What the lines of a candidate did."""

    candidate: str
    lines: LineFigures


@dataclass
class QuestionsReady(Message):
    """A candidate, and the one it is held to, question by question."""

    candidate: str
    played: ProgramOutcomes
    other: str
    against: ProgramOutcomes


@dataclass
class EpisodeReady(Message):
    """One episode, played."""

    place: int
    """Left (0) or right (1)."""
    key: tuple[object, ...]
    """What was asked for: an answer to an older question is dropped."""
    picture: EpisodeTimeline
    tokens: int
    right: bool
    answer: str | None


@dataclass
class OperationFailed(Message):
    """Something could not be done, in a sentence."""

    problem: str

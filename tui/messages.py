"""Messages that workers post to screens; workers touch no widgets."""

from dataclasses import dataclass

from rich.text import Text
from textual.message import Message

from tui.model.replay import LineFigures, ProgramOutcomes
from tui.model.run_reader import RunView
from tui.model.timeline import EpisodeTimeline
from tui.model.trials import TrialsView


@dataclass
class RunsLoaded(Message):
    """The state of all runs was loaded."""

    views: list[RunView]


@dataclass
class TrialsLoaded(Message):
    """The state of a run of trials was loaded."""

    view: RunView
    trials: TrialsView


@dataclass
class CurvesReady(Message):
    """Programs were played whose curves are drawn; they are in drawing order."""

    played: dict[str, ProgramOutcomes]


@dataclass
class TextsReady(Message):
    """The texts of the tabs of a candidate were made."""

    difference: Text
    schedule: Text
    results: Text


@dataclass
class LinesReady(Message):
    """The line profile of a candidate was computed."""

    candidate: str
    lines: LineFigures


@dataclass
class QuestionsReady(Message):
    """The comparison of two candidates by question was computed."""

    candidate: str
    played: ProgramOutcomes
    other: str
    against: ProgramOutcomes


@dataclass
class EpisodeReady(Message):
    """One episode was played."""

    side: int
    """Left (0) or right (1)."""
    key: tuple[object, ...]
    """The request, to drop results of an outdated one."""
    picture: EpisodeTimeline
    tokens: int
    right: bool
    answer: str | None


@dataclass
class OperationFailed(Message):
    """An operation failed, with a message."""

    problem: str

"""Questions of a candidate: the rows of their table, and their order."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.text import Text

from harness.engines import ControllerSetting
from tui.messages import QuestionsReady
from tui.model.replay import RecordingPlayer

COLUMNS = (
    ("recording", 20), ("question", 14), ("right %", 7), ("the other's %", 13),
    ("difference", 10), ("tokens", 11), ("sequential", 10),
)  # fmt: skip
SORTS = ("question", "difference", "accuracy", "tokens", "sequential tokens")


class QuestionRow(NamedTuple):
    """One question of one recording, at a β."""

    recording: int
    label: str
    question: int
    name: str
    accuracy: float
    """Percent of the seeds under which it is right."""
    tokens: float
    sequential: float
    other: float
    """Accuracy of the other program, in percent."""

    @property
    def difference(self) -> float:
        """Difference in points of percent."""
        return self.accuracy - self.other


def list_questions(
    ready: QuestionsReady, players: RecordingPlayer, beta: float
) -> list[QuestionRow]:
    """List the questions of all recordings.

    Args:
        ready: Outcomes of the candidate, and of the program that it is compared with.
        players: The recordings.
        beta: Value of β.
    """
    index = _index_of_beta(ready.played.settings, beta)
    other = _index_of_beta(ready.against.settings, beta)
    return [
        QuestionRow(
            recording, named.label, number, question.id,
            100 * float(ready.played.right[recording][index, number]),
            float(ready.played.tokens[recording][index, number]),
            float(ready.played.sequential[recording][index, number]),
            100 * float(ready.against.right[recording][other, number]),
        )
        for recording, named in enumerate(players.recordings)
        for number, question in enumerate(named.recording.questions)
    ]  # fmt: skip


def sort_questions(rows: Sequence[QuestionRow], by: str) -> list[QuestionRow]:
    """Sort questions: the lowest difference or accuracy first, the highest cost first.

    Args:
        rows: Questions.
        by: One of `SORTS`.
    """

    def key(row: QuestionRow) -> tuple[float, int, int]:
        first = {
            "difference": row.difference, "accuracy": row.accuracy, "tokens": -row.tokens,
            "sequential tokens": -row.sequential,
        }.get(by, 0.0)  # fmt: skip
        return (first, row.recording, row.question)

    return sorted(rows, key=key)


def format_question(row: QuestionRow) -> list[Text | str]:
    """Format a row of the table."""
    style = "green" if row.difference > 0 else "red" if row.difference < 0 else "dim"
    return [
        row.label, row.name, f"{row.accuracy:.0f}", f"{row.other:.0f}",
        Text(f"{row.difference:+.0f}", style), f"{row.tokens:,.0f}", f"{row.sequential:,.0f}",
    ]  # fmt: skip


def _index_of_beta(settings: Sequence[ControllerSetting], beta: float) -> int:
    """Return the point nearest to a β, or the one at the same position if it does not follow β."""
    if settings[0].beta is None:
        return round(beta * (len(settings) - 1))
    return min(range(len(settings)), key=lambda index: abs((settings[index].beta or 0.0) - beta))

"""Episodes of one controller at one setting, as arrays."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from harness.api.argument_checks import refuse_several
from harness.api.controller import ProgramLike, as_controller, get_playable
from harness.api.data_table import DataTable
from harness.api.exceptions import translated_errors
from harness.api.grid_play import Knobs, PlayOptions, play_request, single_setting
from harness.api.recording import RecordingLike
from harness.evaluation.grid import Grid, GridCell, GridPoint
from harness.mdp.environment import load_replay_environment
from harness.mdp.episodes import EpisodeArrays, EpisodeFigures, compute_figures
from harness.presentation.table import Column, Table
from harness.request.ranges import single_beta

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


class Episodes:
    """The result of `play`: Q questions under S seeds. No array can be written to.

    Args:
        grid: What was played: one point on one recording.
        arrays: The episodes.
    """

    def __init__(self, grid: Grid, arrays: EpisodeArrays):
        self._point: GridPoint = grid.points[0]
        self._recording = grid.recordings[0]
        self._arrays = EpisodeArrays(*(_read_only(values) for values in arrays))
        self._figures: EpisodeFigures = compute_figures(arrays)
        self._answers: NDArray[np.object_] | None = None

    @property
    def controller(self) -> str:
        """The name of the controller."""
        return self._point.program.label

    @property
    def beta(self) -> float | None:
        """β; ``None`` if the controller does not follow it."""
        return self._point.beta

    @property
    def question_ids(self) -> tuple[str, ...]:
        """The ids of the questions: the first axis of the arrays."""
        return tuple(question.id for question in self._recording.recording.questions)

    @property
    def right(self) -> NDArray[np.bool_]:
        """(Q, S) whether the answer is the gold answer."""
        return self._arrays.right

    @property
    def tokens(self) -> NDArray[np.int64]:
        """(Q, S) tokens."""
        return self._arrays.tokens

    @property
    def sequential(self) -> NDArray[np.int64]:
        """(Q, S) tokens on the critical path."""
        return self._arrays.sequential

    @property
    def barriers(self) -> NDArray[np.int32]:
        """(Q, S) barriers: decisions that wait for the model."""
        return self._arrays.rounds

    @property
    def lines(self) -> NDArray[np.int32]:
        """(Q, S) the line of the program that ended the episode."""
        return self._arrays.line

    @property
    def answers(self) -> NDArray[np.object_]:
        """(Q, S) the answers, as texts; ``None`` where there is none.

        An answer that neither a branch nor the gold answer has is ``None``, too.
        """
        if self._answers is None:
            self._answers = _read_only(self._read_answers())
        return self._answers

    @property
    def accuracy(self) -> float:
        """The accuracy in percent, as `sweep` gives it."""
        return self._figures.accuracy

    @property
    def cost(self) -> int:
        """Tokens for each question, as `sweep` gives them."""
        return self._figures.cost

    def table(self) -> DataTable:
        """Return a row for each episode."""
        questions, seeds = self.right.shape
        columns = {
            "question": np.repeat(np.array(self.question_ids, object), seeds),
            "seed": np.tile(np.arange(seeds), questions),
            "answer": self.answers.ravel(),
            "right": self.right.ravel(),
            "tokens": self.tokens.ravel(),
            "sequential": self.sequential.ravel(),
            "barriers": self.barriers.ravel(),
            "line": self.lines.ravel(),
        }
        arrays = {
            name: pa.array(values, pa.string()) if values.dtype == object else pa.array(values)
            for name, values in columns.items()
        }
        return DataTable(pa.table(arrays))

    def to_pandas(self) -> "pd.DataFrame":
        """Return `table` as a pandas data frame."""
        return self.table().to_pandas()

    def to_polars(self) -> "pl.DataFrame":
        """Return `table` as a polars data frame."""
        return self.table().to_polars()

    def __repr__(self) -> str:
        return self._page().text().rstrip("\n")

    def _repr_html_(self) -> str:
        return self._page().html()

    def _page(self) -> Table:
        names = ("controller", "recording", "beta", "questions", "seeds", "accuracy", "tokens")
        row = (
            self.controller, self._recording.label, self.beta, *self.right.shape, self.accuracy,
            self.cost,
        )  # fmt: skip
        return Table([Column(name, decimals=2 if name == "accuracy" else None) for name in names],
                     [row])  # fmt: skip

    def _read_answers(self) -> NDArray[np.object_]:
        answers = np.empty(self._arrays.answer.shape, object)
        with translated_errors():
            environment = load_replay_environment(self._recording.recording)
            for question, numbers in enumerate(self._arrays.answer):
                # The numbers -1 and -2 are for no answer, and for one that has no number.
                words = np.array([*environment.words(question), None, None], object)
                answers[question] = words[numbers]
        return answers


def play(
    controller: ProgramLike,
    on: RecordingLike,
    *,
    beta: float = 0.5,
    knobs: Knobs | None = None,
    seeds: int = 100,
    budget: int | None = None,
    kappa: int = 0,
    cache: bool = True,
    threads: int | None = None,
    progress: bool | None = None,
) -> Episodes:
    """Play a controller at one setting on every question of a recording.

    Args:
        controller: The controller.
        on: One recording.
        beta: β, for a controller that follows it.
        knobs: Values of free knobs, one each.
        seeds: The number of seeds for each question, from 0.
        budget: Most tokens of an episode; ``None`` for no limit.
        kappa: Cost of a probe in tokens.
        cache: Whether to reuse and store results.
        threads: Most threads; by default, the setting.
        progress: Whether to show a bar; by default, on a terminal and in a notebook.

    Raises:
        InputError: An argument cannot be used, or the recording lacks what the controller needs.
        ExternalError: A process ended before its work was complete.
    """
    options = PlayOptions(seeds, budget, kappa, cache, threads, progress)
    with translated_errors():
        refuse_several("controller", controller, "controller")
        refuse_several("on", on, "recording")
        loaded = as_controller(controller)
        value = single_beta(beta)
        single_setting(get_playable(loaded), knobs)  # refuses several before any is played
    grid, episodes = play_request([loaded], [on], value, knobs, options)
    return Episodes(grid, episodes[GridCell(0, 0)])


def _read_only(values: NDArray[Any]) -> NDArray[Any]:
    copy = values.copy()
    copy.flags.writeable = False
    return copy

"""Comparisons of two controllers."""

from collections.abc import Sequence

from msgspec.structs import asdict

from harness.api.controller import ProgramLike
from harness.api.data_table import DataTable
from harness.api.grid_play import Knobs, PlayOptions, play_request
from harness.api.notebook_html import render_text
from harness.api.recording import RecordingLike
from harness.errors import InputError
from harness.escaping import escape_xml
from harness.evaluation.comparison import Comparison, QuestionDifference, compare_controllers
from harness.evaluation.grid import Grid
from harness.evaluation.scores import CellEpisodes
from harness.evaluation.sweep import describe_sweep_origin
from harness.messages import suggest
from harness.pages.sweep_page import (
    describe_verdict,
    format_comparison,
    matches_page,
    matches_table,
    questions_page,
)
from harness.presentation.json_document import encode_document
from harness.request.option_names import python_options
from harness.request.ranges import Betas


class ComparisonReport:
    """The result of `compare`: A against B on each recording, and on all together.

    Args:
        grid: What was played.
        episodes: The episodes of every cell.
    """

    def __init__(self, grid: Grid, episodes: CellEpisodes):
        self._comparisons = tuple(compare_controllers(grid, episodes))
        self._origin = describe_sweep_origin(grid)

    @property
    def overall(self) -> Comparison:
        """The comparison over all recordings, or over the only one."""
        return self._comparisons[-1]

    @property
    def recordings(self) -> tuple[str, ...]:
        """The names of the recordings, and ``mean`` if there are several."""
        return tuple(comparison.recording for comparison in self._comparisons)

    def __getitem__(self, recording: str) -> Comparison:
        """Return the comparison on a recording.

        Raises:
            InputError: There is no such recording.
        """
        for comparison in self._comparisons:
            if comparison.recording == recording:
                return comparison
        meant = suggest(recording, self.recordings, f"choose from {', '.join(self.recordings)}")
        raise InputError(f"there is no recording {recording!r} in the comparison; {meant}")

    def __len__(self) -> int:
        return len(self._comparisons)

    def points(self) -> DataTable:
        """Return every point of A with what B needs for its accuracy, on every recording."""
        table = matches_table(self._comparisons)
        return DataTable.from_records(table.records(), table.keys)

    def questions(self) -> DataTable:
        """Return the questions on which the two differ, over all recordings."""
        records = [asdict(question) for question in self.overall.differences]
        return DataTable.from_records(records, QuestionDifference.__struct_fields__)

    def to_json(self) -> str:
        """Return the document of `rheostat compare --json`, byte for byte."""
        return encode_document({"what": self._origin, "comparisons": self._comparisons})

    def __repr__(self) -> str:
        with python_options():
            return "\n".join(map(format_comparison, self._comparisons)).rstrip("\n")

    def _repr_html_(self) -> str:
        with python_options():
            return "".join(map(_render, self._comparisons))


def compare(
    controller: ProgramLike,
    baseline: ProgramLike,
    on: RecordingLike | Sequence[RecordingLike],
    *,
    beta: Betas = "0:1:0.1",
    knobs: Knobs | None = None,
    seeds: int = 100,
    budget: int | None = None,
    kappa: int = 0,
    cache: bool = True,
    threads: int | None = None,
    progress: bool | None = None,
) -> ComparisonReport:
    """Compare two controllers at equal accuracy and at equal cost, as `rheostat compare` does.

    A baseline that does not follow β is played at several widths, unless its width is set.

    Args:
        controller: The challenger, A.
        baseline: The baseline, B.
        on: One recording or several.
        beta: Values of β, for controllers that follow it.
        knobs: Values of free knobs: ``{"n": [4, 16], "esc.size": 8}``.
        seeds: The number of seeds for each question, from 0.
        budget: Most tokens of an episode; ``None`` for no limit.
        kappa: Cost of a probe in tokens.
        cache: Whether to reuse and store results.
        threads: Most threads; by default, the setting.
        progress: Whether to show a bar; by default, on a terminal and in a notebook.

    Raises:
        InputError: An argument cannot be used, or a recording lacks what a controller needs.
        ExternalError: A process ended before its work was complete.
    """
    options = PlayOptions(seeds, budget, kappa, cache, threads, progress)
    grid, episodes = play_request((controller, baseline), on, beta, knobs, options, curves=True)
    return ComparisonReport(grid, episodes)


def _render(comparison: Comparison) -> str:
    head, *lines = describe_verdict(comparison)
    verdict = "".join(f"{line}\n" for line in lines)
    parts = [
        f"<p><b>{escape_xml(head.strip())}</b></p>{render_text(verdict)}",
        matches_page(comparison, None).html(),
    ]
    if comparison.differences:
        parts.append(questions_page(comparison, None).html())
    return "".join(parts)

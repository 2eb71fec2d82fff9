"""Measure transfer: ``python -m tests.agents.measure_transfer DIR RECORDINGS...``.

For each split of the recordings, a controller is searched on one part and compared on the other
with `cmc` and `early_votes`. Splits: all recordings together, each model left out, and each third
of the questions left out. Finished runs in DIR are reused, and a run that was interrupted is
resumed.

A row gives, on mean curves over the recordings: the tokens for CMC's accuracies (geometric mean
over CMC's points, CMC's tokens being 1) with the number of points reached, the sequential tokens at
the points of equal accuracy, and the peak accuracy. Intervals are of 95 %, over questions. The row
``thirds`` joins the three thirds: each question is played by the winner of the search that did not
see it. The row ``models`` has the geometric mean over the models that were left out.
"""

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from harness.engines import EpisodeRules
from harness.evaluation.frontier import build_curve, cost_at
from harness.evaluation.grid import Grid, GridCell
from harness.evaluation.sweep import play_grid
from harness.request.controllers import load_program
from harness.request.recordings import open_recordings
from store.environment import Environment, Item, save
from store.reader import open_recording

BETAS = [step / 10 for step in range(11)]
REFERENCE = "cmc"
RESAMPLES = 400
THIRDS = 3

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class Split(NamedTuple):
    """Recordings to search on, and recordings to compare on."""

    name: str
    search: list[Path]
    unseen: list[Path]


class Outcome(NamedTuple):
    """What a controller did: means over seeds, arrays (recordings, β, questions)."""

    accuracy: Floats
    tokens: Floats
    sequential: Floats

    def join(self, other: "Outcome") -> "Outcome":
        """Join the questions of two outcomes."""
        return Outcome(*(np.concatenate(pair, axis=2) for pair in zip(self, other, strict=True)))

    def curve(self, questions: Indices) -> "Outcome":
        """Return the mean curve over recordings and some questions: arrays (β,)."""
        return Outcome(*(values[..., questions].mean(axis=(0, 2)) for values in self))


class Ratios(NamedTuple):
    """A mean curve compared with the reference's at the reference's accuracies."""

    tokens: float
    """Tokens needed, as a geometric mean of ratios over the points that are reached."""
    sequential: float
    """The same for sequential tokens, at the points that need these tokens."""
    reached: int
    peak: float
    """Highest accuracy, in percent."""


def make_splits(folder: Path, recordings: Sequence[Path]) -> list[Split]:
    """Make the splits; recordings of a part of the questions are written into ``folder``."""
    splits = [Split("all", list(recordings), list(recordings))]
    for left_out in recordings:
        rest = [path for path in recordings if path != left_out]
        splits.append(Split(f"without-{left_out.stem}", rest, [left_out]))
    thirds = [
        Split(
            f"third-{third + 1}",
            [_save_part(folder, path, third, unseen=False) for path in recordings],
            [_save_part(folder, path, third, unseen=True) for path in recordings],
        )
        for third in range(THIRDS)
    ]
    return splits + thirds


def _save_part(folder: Path, path: Path, third: int, *, unseen: bool) -> Path:
    """Save every third question of a recording, or the others."""
    target = folder / f"{path.stem}-{third + 1}-{'unseen' if unseen else 'search'}.recording"
    if not target.exists():
        recording = open_recording(path)
        items = [
            Item(question, recording.branches(number))
            for number, question in enumerate(recording.questions)
            if (number % THIRDS == third) is unseen
        ]
        save(Environment(recording.provenance, items), target)
    return target


def search(folder: Path, split: Split, minutes: float, options: Sequence[str]) -> Path:
    """Search on a split, or continue; return the directory of the run."""
    run = folder / split.name
    if not (run / "ending.json").exists():
        begin = ["--on", *map(str, split.search), "--threads", "2", "--rounds", "1000", *options]
        begin = ["--resume"] if (run / "request.json").exists() else begin
        subprocess.run(
            ["rheostat", "discover", *begin, "--run", str(run), "--max-minutes", str(minutes)],
            check=True,
        )
    return run


def list_controllers(run: Path) -> dict[str, str]:
    """List the controllers to compare: references, the winner, and the highest objective."""
    controllers = {name: name for name in (REFERENCE, "early_votes")}
    winner = run / "selected.rheo"
    if not winner.exists():
        return controllers
    controllers["winner"] = str(winner)
    rows = json.loads((run / "archive.json").read_text())
    highest = max(rows, key=lambda row: row.get("objective") or float("-inf"))["candidate"]
    controllers["highest objective"] = str(run / "candidates" / highest / "source.rheo")
    return controllers


def play(controllers: Sequence[str], paths: Sequence[Path], seeds: int) -> list[Outcome]:
    """Play controllers at every β; return their outcomes."""
    programs = [load_program(controller) for controller in controllers]
    recordings = open_recordings(paths)
    grid = Grid(
        programs, [[{}] for _ in programs], BETAS, recordings,
        seeds=seeds, rules=EpisodeRules(), engine_name="compiled",
    )  # fmt: skip
    played = play_grid(grid, None).played
    outcomes = []
    for program in programs:
        points = [index for index, point in enumerate(grid.points) if point.program is program]
        episodes = [
            [played[GridCell(point, number)] for point in points]
            for number in range(len(recordings))
        ]
        outcomes.append(
            Outcome(
                *(
                    np.array([[getattr(e, name).mean(axis=1) for e in row] for row in episodes])
                    for name in ("right", "tokens", "sequential")
                )
            )
        )
    return outcomes


def compare(ours: Outcome, reference: Outcome, questions: Indices) -> Ratios:
    """Compare the mean curve over some questions with the reference's."""
    curve, other = ours.curve(questions), reference.curve(questions)
    running = build_curve(curve.tokens, curve.accuracy)
    needed = np.array([cost_at(running, np.array(accuracy)) for accuracy in other.accuracy])
    reached = np.isfinite(needed)
    order = np.argsort(curve.tokens)
    best = np.maximum.accumulate(curve.accuracy[order])
    sequential = np.interp(other.accuracy, best, curve.sequential[order])
    return Ratios(
        _geometric_mean((needed / other.tokens)[reached]),
        _geometric_mean((sequential / other.sequential)[reached]),
        int(reached.sum()),
        100 * float(curve.accuracy.max()),
    )


def _geometric_mean(ratios: Floats) -> float:
    return float(np.exp(np.log(ratios).mean())) if len(ratios) else float("nan")


def describe(ours: Outcome, reference: Outcome) -> dict[str, object]:
    """Describe a comparison, with intervals over questions."""
    count = ours.accuracy.shape[2]
    measured = compare(ours, reference, np.arange(count))
    draws = np.random.default_rng(0).integers(count, size=(RESAMPLES, count))
    samples = np.array([compare(ours, reference, questions) for questions in draws])
    low, high = np.nanpercentile(samples, [2.5, 97.5], axis=0)
    return {
        name: [round(value, 3), round(float(low[index]), 3), round(float(high[index]), 3)]
        for index, (name, value) in enumerate(measured._asdict().items())
    }


def measure_split(split: Split, run: Path, seeds: int) -> Iterator[tuple[str, dict[str, Outcome]]]:
    """Play the controllers of a run on the recordings of its search and on the others."""
    controllers = list_controllers(run)
    for where in ("search", "unseen"):
        if where == "unseen" and split.unseen == split.search:
            continue
        outcomes = play(list(controllers.values()), getattr(split, where), seeds)
        yield where, dict(zip(controllers, outcomes, strict=True))


def print_row(split: str, where: str, outcomes: dict[str, Outcome]) -> None:
    """Print a row as one line of JSON."""
    reference = outcomes[REFERENCE]
    rows = {name: describe(outcome, reference) for name, outcome in outcomes.items()}
    click.echo(json.dumps({"split": split, "on": where, **rows}))


def print_joined(unseen: dict[str, dict[str, Outcome]]) -> None:
    """Print the rows that join the thirds, and the models that were left out."""
    thirds = [outcomes for name, outcomes in unseen.items() if name.startswith("third")]
    if len(thirds) == THIRDS:
        joined = dict(thirds[0])
        for outcomes in thirds[1:]:
            joined = {name: outcome.join(outcomes[name]) for name, outcome in joined.items()}
        print_row("thirds", "unseen", joined)
    models = [outcomes for name, outcomes in unseen.items() if name.startswith("without")]
    if models:
        means = {}
        for name in models[0]:
            count = models[0][name].accuracy.shape[2]
            ratios = [compare(model[name], model[REFERENCE], np.arange(count)) for model in models]
            means[name] = {
                "tokens": round(_geometric_mean(np.array([r.tokens for r in ratios])), 3),
                "sequential": round(_geometric_mean(np.array([r.sequential for r in ratios])), 3),
                "reached": [ratio.reached for ratio in ratios],
            }
        click.echo(json.dumps({"split": "models", "on": "unseen", **means}))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--minutes", default=10.0, show_default=True)
@click.option("--seeds", default=100, show_default=True)
@click.option("--only", multiple=True, help="Names of splits; all by default.")
@click.option("--option", "options", multiple=True, help="Option for discover; repeat it.")
def measure(
    folder: Path,
    recordings: tuple[Path, ...],
    minutes: float,
    seeds: int,
    only: tuple[str, ...],
    options: tuple[str, ...],
) -> None:
    """Search and compare on every split."""
    folder.mkdir(parents=True, exist_ok=True)
    unseen = {}
    for split in make_splits(folder, recordings):
        if only and split.name not in only:
            continue
        run = search(folder, split, minutes, options)
        for where, outcomes in measure_split(split, run, seeds):
            print_row(split.name, where, outcomes)
            if where == "unseen":
                unseen[split.name] = outcomes
    print_joined(unseen)


if __name__ == "__main__":
    measure()

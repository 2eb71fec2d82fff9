"""Measure transfer: ``python -m tests.agents.measure_transfer DIR RECORDINGS...``.

For each split of the recordings, a controller is searched on one part and compared on the other
with `cmc` and `early_votes`. Splits: all recordings together, each model left out, and two thirds
of the questions against the rest. Finished runs in DIR are reused, and a run that was interrupted
is resumed.

A row gives, on mean curves over the recordings: the tokens for CMC's accuracies (geometric mean
over CMC's points, CMC's tokens being 1) with the number of points reached, the same for sequential
tokens, and the peak accuracy.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np

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


class Split(NamedTuple):
    """Recordings to search on, and recordings to compare on."""

    name: str
    search: list[Path]
    unseen: list[Path]


class MeanCurve(NamedTuple):
    """Mean over recordings at each β."""

    accuracy: np.ndarray
    tokens: np.ndarray
    sequential: np.ndarray


def make_splits(folder: Path, recordings: Sequence[Path]) -> list[Split]:
    """Make the splits; recordings of a part of the questions are written into ``folder``."""
    splits = [Split("all", list(recordings), list(recordings))]
    for left_out in recordings:
        rest = [each for each in recordings if each != left_out]
        splits.append(Split(f"without-{left_out.stem}", rest, [left_out]))
    parts: tuple[list[Path], list[Path]] = ([], [])
    for path in recordings:
        for part, wanted in zip(parts, ("search", "unseen"), strict=True):
            target = folder / f"{path.stem}-{wanted}.recording"
            if not target.exists():
                save_part(path, target, unseen=wanted == "unseen")
            part.append(target)
    return [*splits, Split("two-thirds", *parts)]


def save_part(path: Path, target: Path, *, unseen: bool) -> None:
    """Save every third question of a recording, or the others."""
    recording = open_recording(path)
    items = [
        Item(question, recording.branches(number))
        for number, question in enumerate(recording.questions)
        if (number % 3 == 0) is unseen
    ]
    save(Environment(recording.provenance, items), target)


def search(folder: Path, split: Split, minutes: float, options: Sequence[str]) -> Path | None:
    """Search on a split, or continue; return the winner's file."""
    run = folder / split.name
    if not (run / "ending.json").exists():
        begin = ["--on", *map(str, split.search), *options]
        begin = ["--resume"] if (run / "request.json").exists() else begin
        subprocess.run(
            ["rheostat", "discover", *begin, "--run", str(run), "--threads", "2",
             "--max-minutes", str(minutes), "--rounds", "1000"],
            check=True,
        )  # fmt: skip
    winner = run / "selected.rheo"
    return winner if winner.exists() else None


def play(controllers: Sequence[str], paths: Sequence[Path], seeds: int) -> list[MeanCurve]:
    """Play controllers at every β; return their mean curves."""
    programs = [load_program(each) for each in controllers]
    recordings = open_recordings(paths)
    grid = Grid(
        programs, [[{}] for _ in programs], BETAS, recordings,
        seeds=seeds, rules=EpisodeRules(), engine_name="compiled",
    )  # fmt: skip
    played = play_grid(grid, None).played
    curves = []
    for program in programs:
        points = [at for at, point in enumerate(grid.points) if point.program is program]
        episodes = [
            [played[GridCell(point, at)] for at in range(len(recordings))] for point in points
        ]
        curves.append(
            MeanCurve(
                *(
                    np.array([np.mean([getattr(e, name).mean() for e in row]) for row in episodes])
                    for name in ("right", "tokens", "sequential")
                )
            )
        )
    return curves


def compare(curve: MeanCurve, reference: MeanCurve) -> dict[str, float]:
    """Compare a curve with a reference at the reference's accuracies."""
    row = {"peak": round(100 * float(curve.accuracy.max()), 2)}
    for name in ("tokens", "sequential"):
        ours = build_curve(getattr(curve, name), curve.accuracy)
        needed = np.array([cost_at(ours, np.array(each)) for each in reference.accuracy])
        reached = np.isfinite(needed)
        ratios = needed[reached] / getattr(reference, name)[reached]
        row[name] = (
            round(float(np.exp(np.log(ratios).mean())), 3) if reached.any() else float("nan")
        )
        row["reached"] = int(reached.sum())
    at_equal = np.array([_sequential_at(curve, each) for each in reference.accuracy])
    at_equal = at_equal / reference.sequential
    row["sequential at equal accuracy"] = round(float(np.exp(np.nanmean(np.log(at_equal)))), 3)
    return row


def _sequential_at(curve: MeanCurve, accuracy: float) -> float:
    """Return the sequential tokens at the point of the token curve that has an accuracy."""
    order = np.argsort(curve.tokens)
    best = np.maximum.accumulate(curve.accuracy[order])
    if accuracy > best[-1]:
        return float("nan")
    return float(np.interp(accuracy, best, curve.sequential[order]))


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
    for split in make_splits(folder, recordings):
        if only and split.name not in only:
            continue
        winner = search(folder, split, minutes, options)
        names = [REFERENCE, "early_votes", *([] if winner is None else [str(winner)])]
        for where, paths in (("search", split.search), ("unseen", split.unseen)):
            reference, *others = play(names, paths, seeds)
            rows = {
                name: compare(curve, reference)
                for name, curve in zip(("early_votes", "winner"), others, strict=False)
            }
            rows[REFERENCE] = compare(reference, reference)
            click.echo(json.dumps({"split": split.name, "on": where, **rows}))


if __name__ == "__main__":
    measure()

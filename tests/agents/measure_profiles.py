"""Measure profiles: ``python -m tests.agents.measure_profiles DIR``.

Twenty user profiles are drawn at random, and controllers are searched for them on the built-in
sample: by one search for each profile, by one search for all of them, and by one search for each
that starts from a search that knew no profile. A controller meets a profile on a recording if some
β keeps all its limits there. A row gives the share of profiles and recordings that are met, on the
search set and on the held-out recordings, and the programs that the searches played. The row
``fixed`` is the controller of the library or the baselines that meets most on the search set.

Finished runs in DIR are reused, and a run that was interrupted is resumed.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from agents.run.directory import open_run
from agents.run.user_profiles import UserProfile, load_profiles
from agents.search.programs import DEFAULT_BASELINES
from dsl import library
from harness.engines import EpisodeRules
from harness.evaluation.grid import Grid, GridCell
from harness.evaluation.sweep import play_grid
from harness.request.controllers import RheoController, load_program
from harness.request.recordings import open_recordings

BETAS = [step / 10 for step in range(11)]
PROFILES = 20
SEEDS = 40

Points = list[tuple[np.ndarray, np.ndarray, np.ndarray]]
"""By recording: accuracy in percent, tokens and sequential tokens of each point."""


def draw_profiles(count: int, seed: int) -> list[dict[str, object]]:
    """Draw profiles: a least accuracy, and one to three other limits that it may conflict with."""
    random = np.random.default_rng(seed)
    profiles = []
    for number in range(count):
        limits: dict[str, object] = {"name": f"profile-{number + 1}"}
        limits["accuracy"] = round(float(random.uniform(40, 85)), 1)
        ranges = {"tokens": (2e4, 6e5), "sequential": (1e4, 6e4), "usd": (0.01, 0.4)}
        chosen = random.choice(list(ranges), size=int(random.integers(1, 4)), replace=False)
        for name in sorted(map(str, chosen)):
            low, high = np.log(ranges[name])
            limits[name] = float(f"{np.exp(random.uniform(low, high)):.3g}")
        profiles.append(limits)
    return profiles


def write_profiles(path: Path, profiles: Sequence[dict[str, object]]) -> Path:
    """Write a file of profiles, unless it exists."""
    if not path.exists():
        path.write_text(json.dumps({"usd_per_million_tokens": 0.6, "profiles": list(profiles)}))
    return path


def search(run: Path, on: Sequence[Path], minutes: float, options: Sequence[str]) -> Path:
    """Run a search, or continue it; return its directory."""
    if not (run / "ending.json").exists():
        begin = ["--on", *map(str, on), "--rounds", "1000", *options]
        begin = ["--resume"] if (run / "request.json").exists() else begin
        subprocess.run(
            ["rheostat", "discover", *begin, "--run", str(run), "--max-minutes", str(minutes)],
            check=True,
        )
    return run


def count_programs(run: Path) -> tuple[int, int]:
    """Return the programs played until the last gain, and in all."""
    total, until, best = 0, 0, float("-inf")
    for summary in open_run(run).summaries():
        total += summary.usage.evaluations
        if summary.objective > best + 1.0:  # the tie-break of `meet` moves by less
            until, best = total, summary.objective
    return until, total


def play(controller: str, paths: Sequence[Path]) -> Points:
    """Play a controller over recordings: at every β, or at the settings of a baseline."""
    program = load_program(controller)
    settings: list[dict[str, int | float]] = next(
        (baseline.settings for baseline in DEFAULT_BASELINES if baseline.controller == controller),
        [{}],
    )
    followed = isinstance(program, RheoController) and program.scheduled
    recordings = open_recordings(paths)
    grid = Grid(
        [program], [settings], BETAS if followed else [], recordings,
        seeds=SEEDS, rules=EpisodeRules(), engine_name="compiled",
    )  # fmt: skip
    played = play_grid(grid, None).played
    return [
        tuple(
            np.array(
                [getattr(played[GridCell(p, r)], name).mean() for p in range(len(grid.points))]
            )
            * scale
            for name, scale in (("right", 100), ("tokens", 1), ("sequential", 1))
        )  # type: ignore[misc]
        for r in range(len(recordings))
    ]


def share_met(points: Points, profiles: Sequence[UserProfile]) -> float:
    """Return the share of profiles and recordings that some point meets."""
    return float(np.mean([[p.find_met(*point).any() for point in points] for p in profiles]))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--minutes", default=2.0, show_default=True, help="Minutes of a search.")
@click.option("--seed", default=0, show_default=True, help="Random seed of the profiles.")
@click.option("--option", "options", multiple=True, help="Option for discover; repeat it.")
def measure(folder: Path, minutes: float, seed: int, options: tuple[str, ...]) -> None:
    """Search for controllers that meet profiles, and compare them."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "sample").exists():
        subprocess.run(["rheostat", "sample", "-o", str(folder / "sample")], check=True)
    parts = {
        name: sorted((folder / "sample" / name).glob("*.recording"))
        for name in ("search", "heldout")
    }
    drawn = draw_profiles(PROFILES, seed)
    together = write_profiles(folder / "profiles.json", drawn)
    profiles = load_profiles(together)

    def find(name: str, about: Sequence[str], share: float = 1.0) -> Path:
        return search(folder / name, parts["search"], share * minutes, [*about, *options])

    first = find("first", [])
    shared = find("shared", ["--objective", f"meet:{together}"])
    searches: dict[str, list[Path]] = {"each": [], "started": []}
    for number, limits in enumerate(drawn):
        goal = write_profiles(folder / f"profile-{number + 1}.json", [limits])
        about = ["--objective", f"meet:{goal}"]
        searches["each"].append(find(f"each-{number + 1}", about))
        about += ["--start-from", str(first), "--start-from", "handmade"]
        searches["started"].append(find(f"started-{number + 1}", about, 0.25))
    rows: dict[str, dict[str, object]] = {
        name: {where: share_each(runs, paths, profiles) for where, paths in parts.items()}
        | {"programs": [int(n) for n in np.sum([count_programs(r) for r in runs], axis=0)]}
        for name, runs in searches.items()
    }
    for name, run in (("shared", shared), ("first", first)):
        rows[name] = {
            where: share_met(play(str(run / "selected.rheo"), paths), profiles)
            for where, paths in parts.items()
        } | {"programs": list(count_programs(run))}
    rows["fixed"] = describe_fixed(parts, profiles)
    click.echo(json.dumps(rows, indent=1))


def share_each(
    runs: Sequence[Path], paths: Sequence[Path], profiles: Sequence[UserProfile]
) -> float:
    """Return the share that is met if each profile has the winner of its own search."""
    return float(
        np.mean(
            [
                share_met(play(str(run / "selected.rheo"), paths), [profile])
                if (run / "selected.rheo").exists()
                else 0.0
                for run, profile in zip(runs, profiles, strict=True)
            ]
        )
    )


def describe_fixed(
    parts: dict[str, list[Path]], profiles: Sequence[UserProfile]
) -> dict[str, object]:
    """Return the row of the best controller that no search made."""
    names = [*library.NAMES, *(baseline.controller for baseline in DEFAULT_BASELINES)]
    usable = [
        name
        for name in dict.fromkeys(names)
        if isinstance(program := load_program(name), RheoController)
        and not program.checked.needs.signals
    ]
    best = max(usable, key=lambda name: share_met(play(name, parts["search"]), profiles))
    return {where: share_met(play(best, paths), profiles) for where, paths in parts.items()} | {
        "controller": best
    }


if __name__ == "__main__":
    measure()

"""What is wrong with the files of a run: one reading for the command line and the app."""

from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

from agents.run.databases import foreign_problem
from agents.run.directory import ENDING, RunDirectory, link_problem
from agents.run.records import Decision, Draft, Ending, Request, Review, RoundSummary
from harness.errors import InputError

DAMAGED = "damaged"
"""The state of a run of which a file cannot be read."""

WAITING = "waits"
"""How the state of a run begins whose candidate waits for a decision."""

WAITING = "waits"
"""The state of a run with a candidate that a reviewer is to decide on."""

Known = MutableMapping[Path, tuple[int, str]]
"""What was found of files before, by the time of their last change."""


def state_of(run: RunDirectory, *, ended: bool, waiting: str | None, damage: list[str]) -> str:
    """Return what a run is doing, in words.

    Args:
        run: the run.
        ended: whether it came to its end.
        waiting: the candidate that waits for a person.
        damage: what is wrong with its files.
    """
    if damage:
        return DAMAGED
    held = run.is_held
    if ended and not held:
        return "ended"
    if waiting is not None:
        return f"{WAITING}: {waiting}"
    return "at work" if held else "stopped"


def find_damage(run: RunDirectory, known: Known | None = None) -> list[str]:
    """Return what is wrong with the files of a run, a sentence each.

    Args:
        run: the run.
        known: what was found before; what has not changed since is not read again.
    """
    met: Known = {} if known is None else known
    found = []
    if not run.has("request.json"):
        found.append(f"{run.path}/request.json: there is no such file in this run")
    for place, kind in _records(run):
        path = run.path / place
        changed = _changed(path)
        if changed is None:
            continue
        if path not in met or met[path][0] != changed:
            met[path] = (changed, _problem(run, place, kind))
        found.append(met[path][1])
    found += [
        f"{review.with_name('draft.json')}: there is no such file in this run"
        for review in sorted(run.path.glob("candidates/r*-*/review.json"))
        if not review.with_name("draft.json").is_file()
    ]
    found += [link_problem(run.path, path) for path in run.appended_paths]
    found += [foreign_problem(path) for path in (run.checkpoints_path, run.evaluations_path)]
    return [each for each in found if each]


def _records(run: RunDirectory) -> Iterator[tuple[str, Any]]:
    """Yield the files that hold records, and of which kind."""
    yield from (
        ("request.json", Request), (ENDING, Ending), ("archive.json", list[Review]),
    )  # fmt: skip
    for pattern, kind in (
        ("rounds/*/summary.json", RoundSummary),
        ("candidates/r*-*/draft.json", Draft),
        ("candidates/r*-*/review.json", Review),
        ("decisions/*.json", Decision),
    ):
        for path in sorted(run.path.glob(pattern)):
            if not path.name.startswith("."):
                yield str(path.relative_to(run.path)), kind


def _problem(run: RunDirectory, place: str, kind: Any) -> str:  # noqa: ANN401 - a type of any kind
    try:
        run.read(place, kind)
    except InputError as problem:
        return problem.problem
    except OSError as problem:
        return f"{run.path / place}: {(problem.strerror or str(problem)).lower()}"
    return ""


def _changed(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None

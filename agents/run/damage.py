"""Damage of a run's files, and the state of a run, for the command line and the app."""

from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

from agents.run.databases import find_foreign_problem
from agents.run.directory import ENDING, RunDirectory, find_link_problem
from agents.run.records import Decision, Draft, Ending, Request, Review, RoundSummary
from harness.errors import InputError

DAMAGED = "damaged"
"""State of a run with a file that cannot be read."""

WAITING = "waits"
"""State of a run with a candidate that waits for a reviewer; its name may follow."""

DamageCache = MutableMapping[Path, tuple[int, str]]
"""Results for files that were checked before: time of the last change in ns, and the problem."""


def describe_state(
    run: RunDirectory, *, ended: bool, waiting: str | None, damage: list[str]
) -> str:
    """Describe the state of a run.

    Args:
        run: Run directory.
        ended: Whether it has an ending.
        waiting: The candidate that waits for a reviewer; ``None`` if none does.
        damage: Problems of its files, as `find_damage` returns them.
    """
    if damage:
        return DAMAGED
    is_active = run.is_held
    if ended and not is_active:
        return "ended"
    if waiting is not None:
        return f"{WAITING}: {waiting}"
    return "at work" if is_active else "stopped"


def find_damage(run: RunDirectory, cache: DamageCache | None = None) -> list[str]:
    """Find the problems of a run's files; return a sentence for each.

    Args:
        run: Run directory.
        cache: Results of earlier calls; unchanged files are not read again.
    """
    checked: DamageCache = {} if cache is None else cache
    problems = []
    if not run.has("request.json"):
        problems.append(f"{run.path}/request.json: no such file in this run")
    for name, kind in _list_records(run):
        path = run.path / name
        changed = _get_change_time(path)
        if changed is None:
            continue
        if path not in checked or checked[path][0] != changed:
            checked[path] = (changed, _find_problem(run, name, kind))
        problems.append(checked[path][1])
    problems += [
        f"{review.with_name('draft.json')}: no such file in this run"
        for review in sorted(run.path.glob("candidates/r*-*/review.json"))
        if not review.with_name("draft.json").is_file()
    ]
    problems += [find_link_problem(run.path, path) for path in run.appended_paths]
    problems += [
        find_foreign_problem(path) for path in (run.checkpoints_path, run.evaluations_path)
    ]
    return [problem for problem in problems if problem]


def _list_records(run: RunDirectory) -> Iterator[tuple[str, Any]]:
    """Yield the record files of a run, with the type of each record."""
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


def _find_problem(run: RunDirectory, name: str, kind: Any) -> str:  # noqa: ANN401 - a type of any kind
    try:
        run.read(name, kind)
    except InputError as problem:
        return problem.problem
    except OSError as problem:
        return f"{run.path / name}: {(problem.strerror or str(problem)).lower()}"
    return ""


def _get_change_time(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None

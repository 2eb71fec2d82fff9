"""Import the JSON that AutoTTS and Parallel-Probe released: one file is one environment.

A file is a list of questions, ``{"question", "gold_answer", "probe_freq", "final_answers_trace",
"each_branch": [[probes, tokens, final], …]}``. Every field is checked, and so is what the fields
imply about each other; other fields are skipped. A malformed file gives a `SourceError` whose
location is the path of the field, such as ``$[3].each_branch[17][1]``.
"""

from pathlib import Path
from typing import NamedTuple

import msgspec

from store.environment import Environment, Item, question_id
from store.errors import SourceError
from store.importing.benchmark_names import is_benchmark, is_model
from store.records import Branch, Provenance, Question
from store.sources import Count, Positive, decode, paused_collection, read_text

COLLECTOR = "AutoTTS release"
LICENCE = "Not stated in the file: other people's data, see its source."


class ReleasedQuestion(msgspec.Struct, frozen=True):
    """One question as it is in a released file."""

    question: str
    gold_answer: str
    probe_freq: Positive
    final_answers_trace: list[str]
    each_branch: list[tuple[list[str], Count, str]]
    """(probes, tokens, final) of each branch."""


_DECODER = msgspec.json.Decoder(list[ReleasedQuestion])


class NamedSource(NamedTuple):
    """What a file's path suggests about it."""

    model: str
    benchmark: str
    guess: str
    """What was guessed, in words: ``model tiny-1b, from the name of the file``; else empty."""
    unclear: str | None = None
    """Why the guess is none: nothing in the path distinguishes the model from the benchmark."""


def name_source(path: Path, *, model: str | None, benchmark: str | None) -> NamedSource:
    """Return the model and the benchmark of a file in either layout of the release.

    They are ``<benchmark>/<model>.json`` and ``<model>/<benchmark>.json``, and are distinguished by
    the names of known benchmarks, else by the form of models' names.

    Args:
        path: the JSON file.
        model: its name, where it was given.
        benchmark: its name, where it was given.
    """
    stem = path.name.partition(".json")[0] or path.stem
    folder = path.parent.resolve().name or "benchmark"
    if model and benchmark:
        return NamedSource(model, benchmark, "")
    by_file = _is_benchmark_of(stem, folder, model, benchmark)
    by_folder = _is_benchmark_of(folder, stem, model, benchmark)
    lacking = [flag for flag, name in (("model", model), ("benchmark", benchmark)) if not name]
    unclear = None
    if by_file == by_folder:
        unclear = (
            f"cannot tell which of {folder!r} and {stem!r} is the model and which is the"
            f" benchmark; give {' and '.join(f'--{flag}' for flag in lacking)}"
        )
        by_file = False
    names = (
        {"model": folder, "benchmark": stem} if by_file else {"model": stem, "benchmark": folder}
    )
    part = {"model": "file", "benchmark": "folder"}
    if by_file:
        part = {"model": "folder", "benchmark": "file"}
    guess = "; ".join(
        f"{what} {names[what]}, from the name of the {part[what]}" for what in lacking
    )
    return NamedSource(model or names["model"], benchmark or names["benchmark"], guess, unclear)


def _is_benchmark_of(name: str, other: str, model: str | None, benchmark: str | None) -> bool:
    """Return whether ``name`` is the benchmark and ``other`` the model, as far as names show."""
    if model is not None and _folded(model) in (_folded(name), _folded(other)):
        return _folded(model) == _folded(other)
    if benchmark is not None and _folded(benchmark) in (_folded(name), _folded(other)):
        return _folded(benchmark) == _folded(name)
    if is_benchmark(name) or is_benchmark(other):
        return is_benchmark(name)
    return is_model(other)


def _folded(name: str) -> str:
    return name.casefold().replace("_", "-")


@paused_collection()
def read_autotts(
    path: Path, *, model: str | None = None, benchmark: str | None = None
) -> Environment:
    """Read one released file.

    Args:
        path: the JSON file.
        model: the model's name; by default guessed from the path (`name_source`), and the file's
            stem where that gives nothing.
        benchmark: the benchmark's name; by default guessed likewise, else the directory's name.

    Raises:
        SourceError: the file is malformed or contradicts itself.
        OSError: the file cannot be read.
    """
    named = name_source(path, model=model, benchmark=benchmark)
    benchmark = named.benchmark
    released = decode(_DECODER, read_text(path), path)
    _check(released, path)
    provenance = Provenance(
        model=named.model,
        benchmark=benchmark,
        interval=released[0].probe_freq,
        collector=COLLECTOR,
        source=path.name,
        licence=LICENCE,
    )
    items = [
        Item(
            Question(
                id=question_id(benchmark, index, len(released)),
                gold=question.gold_answer,
                text=question.question,
            ),
            [
                Branch(answers=probes, tokens=tokens, final=final)
                for probes, tokens, final in question.each_branch
            ],
        )
        for index, question in enumerate(released)
    ]
    return Environment(provenance, items)


def _check(released: list[ReleasedQuestion], path: Path) -> None:
    """Raise `SourceError` at the first field where well-formed fields contradict each other."""
    if not released:
        raise SourceError("the file contains no questions", path=path, location="$")
    interval = released[0].probe_freq
    positions: dict[str, int] = {}
    for index, question in enumerate(released):
        path_in_file = f"$[{index}]"
        if question.probe_freq != interval:
            raise SourceError(
                f"the interval is {question.probe_freq}, but {interval} at $[0]; "
                "one recording has one interval, so split the file",
                path=path,
                location=f"{path_in_file}.probe_freq",
            )
        earlier = positions.setdefault(question.question, index)
        if earlier != index:
            raise SourceError(
                f"the same question is also at $[{earlier}]; remove one of the two",
                path=path,
                location=f"{path_in_file}.question",
            )
        _check_trace(question, path, path_in_file)


def _check_trace(question: ReleasedQuestion, path: Path, path_in_file: str) -> None:
    """Check that the trace repeats the branches' final answers; a difference is a lost answer."""
    trace, branches = question.final_answers_trace, question.each_branch
    if not branches:
        raise SourceError(
            "the question has no branches", path=path, location=f"{path_in_file}.each_branch"
        )
    if len(trace) != len(branches):
        raise SourceError(
            f"{len(trace)} final answers for {len(branches)} branches; the file is incomplete",
            path=path,
            location=f"{path_in_file}.final_answers_trace",
        )
    for index, (answer, (_, _, final)) in enumerate(zip(trace, branches, strict=True)):
        if answer != final:
            raise SourceError(
                f"{answer!r}, but the branch ends with {final!r}",
                path=path,
                location=f"{path_in_file}.final_answers_trace[{index}]",
            )

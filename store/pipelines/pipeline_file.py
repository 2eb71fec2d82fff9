"""Read a pipeline file and its question files.

Reading is strict: unknown keys are errors, and each error names its location.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

import msgspec

from store.answers.extraction import NAMED as NAMED_EXTRACTORS
from store.decode_errors import DECODE_ERRORS, describe_decode_error
from store.errors import NewerFormat, StoreError
from store.file_kinds import FileKind, wrong_kind
from store.messages import describe_missing, lower_first, suggest_name
from store.pipelines.schema import (
    VERSION,
    CostUnit,
    Fusion,
    Pipeline,
    PipelineModel,
    PipelineQuestion,
    Simulation,
    Stage,
)


class NumberedQuestion(NamedTuple):
    """A question, and the line that it is on."""

    question: PipelineQuestion
    line: int
    """From 1."""


def read_questions(path: Path, named_in: Path) -> list[NumberedQuestion]:
    """Read the questions of a file.

    Args:
        path: of the file.
        named_in: the pipeline file that names it.

    Raises:
        StoreError: there is no such file, it holds no question, or a line is none.
    """
    try:
        lines = path.read_bytes().splitlines()
    except (FileNotFoundError, IsADirectoryError):
        missing = describe_missing("file of questions", f"the path in {named_in}")
        raise StoreError(missing, path=path) from None
    questions: dict[str, NumberedQuestion] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = msgspec.json.decode(line, type=PipelineQuestion)
        except DECODE_ERRORS as problem:
            reason = f"is not a question: {describe_decode_error(problem)}"
            raise StoreError(reason, path=path, location=f"line {number}") from None
        if question.id in questions:
            raise StoreError(
                f"the id {question.id!r} appears twice", path=path, location=f"line {number}"
            )
        questions[question.id] = NumberedQuestion(question, number)
    if not questions:
        raise StoreError("contains no questions", path=path)
    return list(questions.values())


def check_disjoint(
    searched: Iterable[NumberedQuestion],
    held_out: Iterable[NumberedQuestion],
    path: Path,
    searched_path: Path,
) -> None:
    """Reject held-out questions that a search meets, by their ids or by their texts.

    Args:
        searched: the questions of the search.
        held_out: the questions that only the report may use.
        path: of the latter's file.
        searched_path: of the former's.

    Raises:
        StoreError: the first that is in both, with its lines.
    """
    ids, texts = dict[str, int](), dict[str, int]()
    for question in searched:
        ids[question.question.id] = question.line
        texts.setdefault(_normalize_text(question.question.question), question.line)
    for question in held_out:
        where = f"line {question.line}"
        if question.question.id in ids:
            line = ids[question.question.id]
            raise StoreError(
                f"the id {question.question.id!r} is also in line {line} of {searched_path}, so it"
                " cannot be held out",
                path=path, location=where,
            )  # fmt: skip
        line = texts.get(_normalize_text(question.question.question), 0)
        if line:
            raise StoreError(
                f"the question {question.question.id!r} is also in line {line} of {searched_path},"
                " so it cannot be held out",
                path=path, location=where,
            )  # fmt: skip


def _normalize_text(text: str) -> str:
    """Return a text by which questions are distinguished: not by case or white space."""
    return " ".join(text.casefold().split())


_TABLES: Mapping[str, type[msgspec.Struct]] = {
    "model": PipelineModel, "stage": Stage, "simulation": Simulation,
}  # fmt: skip

_PROMPT_FIELDS, _FUSE_FIELDS = {"question", "input"}, {"question", "input", "samples"}


class PipelineDeclaration(NamedTuple):
    """A pipeline as its file declares it."""

    pipeline: Pipeline
    path: Path
    questions: tuple[PipelineQuestion, ...]
    """Those that a search meets; empty where it is simulated."""

    @property
    def digest(self) -> str:
        """Name the pipeline and its questions by content."""
        return pipeline_digest(self.pipeline, self.questions)


def pipeline_digest(pipeline: Pipeline, questions: Iterable[PipelineQuestion]) -> str:
    """Name a pipeline and some questions by content; where a model is served does not matter."""
    models = [msgspec.structs.replace(model, base_url="") for model in pipeline.models]
    bare = msgspec.structs.replace(pipeline, models=models, questions="", held_out="")
    content = msgspec.json.encode(_to_plain([bare, *questions]), order="deterministic")
    return blake2b(content, digest_size=16).hexdigest()


def read_pipeline(path: Path) -> PipelineDeclaration:
    """Read a pipeline and its questions.

    Raises:
        StoreError: the file, or that of its questions, cannot be used; with reason and location.
        NewerFormat: it is of a later version.
    """
    if misplaced := wrong_kind(path, {FileKind.PIPELINE}, "a pipeline file"):
        raise StoreError(misplaced, path=path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise StoreError(describe_missing("pipeline file"), path=path) from None
    except UnicodeDecodeError as problem:
        raise StoreError("is not UTF-8", path=path, location=f"byte {problem.start}") from None
    except DECODE_ERRORS as problem:
        raise StoreError(f"is not TOML: {describe_decode_error(problem)}", path=path) from None
    version = table.get("version", VERSION)
    if isinstance(version, int) and version > VERSION:
        raise NewerFormat(
            f"is of version {version}, but this version of rheostat reads up to {VERSION}; update"
            " rheostat",
            path=path,
        )
    _refuse_unknown(table, path)
    try:
        pipeline = msgspec.convert(table, Pipeline)
    except msgspec.ValidationError as problem:
        what, _, location = str(problem).partition(" - at ")
        what, location = lower_first(what), location.strip("`")
        raise StoreError(what, path=path, location=location or None) from None
    if wrong := find_pipeline_fault(pipeline):
        raise StoreError(wrong, path=path)
    if pipeline.simulation:
        return PipelineDeclaration(pipeline, path, ())
    if not pipeline.questions:
        raise StoreError("has neither a file of questions nor a simulation", path=path)
    questions = read_questions(path.parent / pipeline.questions, path)
    return PipelineDeclaration(pipeline, path, tuple(question.question for question in questions))


def read_held_out(declared: PipelineDeclaration) -> PipelineDeclaration:
    """Return the same pipeline over the questions that it holds out; nothing else opens their file.

    Raises:
        StoreError: it names none, a file cannot be used, or a question is in both.
    """
    pipeline, path = declared.pipeline, declared.path
    if not pipeline.held_out:
        raise StoreError("has no held-out questions", path=path)
    searched_path, where = path.parent / pipeline.questions, path.parent / pipeline.held_out
    searched, held_out = read_questions(searched_path, path), read_questions(where, path)
    check_disjoint(searched, held_out, where, searched_path)
    return declared._replace(questions=tuple(question.question for question in held_out))


def find_pipeline_fault(pipeline: Pipeline) -> str | None:
    """Why a pipeline cannot be, in a sentence; ``None`` where it can."""
    if not pipeline.stages or not pipeline.models:
        return "has no stages" if not pipeline.stages else "has no models"
    for what, names in (
        ("stages", [stage.name for stage in pipeline.stages]),
        ("models", [model.name for model in pipeline.models]),
    ):
        name, times = Counter(names).most_common(1)[0]
        if times > 1:
            return f"has {times} {what} named {name!r}; names must be unique"
    if pipeline.simulation is not None and pipeline.held_out:
        return "is simulated and generates its held-out questions; remove held_out"
    for model in pipeline.models:
        if model.parameters <= 0:
            return f"model {model.name!r}: parameters must be above 0, in billions"
        if pipeline.unit is CostUnit.DOLLARS and model.dollars_in + model.dollars_out <= 0:
            return f"model {model.name!r} has no price; set dollars_in and dollars_out"
    return next(filter(None, (_stage_fault(pipeline, stage) for stage in pipeline.stages)), None)


def _stage_fault(pipeline: Pipeline, stage: Stage) -> str | None:
    where = f"stage {stage.name!r}"
    if not stage.name.isidentifier():
        return f"{where}: the name of a stage must consist of letters, digits and _"
    known = [model.name for model in pipeline.models]
    for name in (*stage.models, *stage.recordings):
        if name not in known:
            return f"{where}: there is no model {name!r}; {suggest_name(name, sorted(known))}"
    if stage.prompt_tokens < 0 or stage.output_tokens < 1:
        return f"{where}: prompt_tokens must be 0 or more, output_tokens 1 or more"
    for field, text, allowed in (
        ("prompt", stage.prompt, _PROMPT_FIELDS), ("fuse", stage.fuse, _FUSE_FIELDS),
    ):  # fmt: skip
        try:
            used = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        except ValueError as problem:
            return f"{where}: {field}: {problem}"
        if used - allowed:
            name = min(used - allowed)
            return (
                f"{where}: {field}: there is no {{{name}}}; {suggest_name(name, sorted(allowed))}"
            )
    try:
        groups = re.compile(stage.extract).groups
    except re.error as problem:
        return f"{where}: extract is not a regular expression: {problem}"
    if stage.extract and groups != 1 and stage.extract not in NAMED_EXTRACTORS:
        return f"{where}: extract needs one group, in parentheses, but has {groups}"
    if pipeline.simulation is None and not stage.prompt:
        return f"{where}: has no prompt, so it cannot be executed"
    if pipeline.simulation is None and stage.fusion is Fusion.MODEL and not stage.fuse:
        return f"{where}: fusion by the model needs a template, fuse, with {{samples}}"
    return None


def _refuse_unknown(table: Mapping[str, Any], path: Path) -> None:
    """Raise at the first key that no record has, with the nearest that one has."""
    _refuse(table, Pipeline, path, "")
    for key, kind in _TABLES.items():
        inside = table.get(key, ())
        for index, entry in enumerate(inside if isinstance(inside, list) else [inside]):
            if isinstance(entry, dict):
                _refuse(
                    entry, kind, path, f"{key}[{index}]." if isinstance(inside, list) else f"{key}."
                )


def _refuse(table: Mapping[str, Any], kind: type[msgspec.Struct], path: Path, prefix: str) -> None:
    known = [field.encode_name for field in msgspec.structs.fields(kind)]
    for key in table:
        if key not in known:
            raise StoreError(
                f"unknown key; {suggest_name(key, sorted(known))}",
                path=path,
                location=prefix + key,
            )


def _to_plain(value: object) -> object:
    """Convert a record to plain data without defaults, so that a new field changes nothing."""
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.fields(value)
        return {
            field.encode_name: _to_plain(current)
            for field in fields
            if (current := getattr(value, field.name)) != _default(field)
        }
    return [_to_plain(item) for item in value] if isinstance(value, list) else value


def _default(field: msgspec.structs.FieldInfo) -> object:
    factory = field.default_factory
    return field.default if factory is msgspec.NODEFAULT else factory()

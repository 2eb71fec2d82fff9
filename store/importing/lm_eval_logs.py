"""Import sample logs of lm-evaluation-harness (``--log_samples``): one branch for each repeat.

A line is one sample under one filter. The replies are ``resps``; ``filtered_resps`` is what a
filter left of them, which may be one of many. Lines that differ in their filter alone are one
question. The log holds no token counts.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from store.errors import SourceError
from store.importing.cells import BadCell, as_prompt, as_text, find
from store.importing.choices import read_choices
from store.importing.harness_logs import (
    INTERVAL,
    BadSample,
    HarnessLog,
    LoggedQuestion,
    LogOptions,
    Reply,
    SkippedSample,
    build_environment,
    letter_of,
)
from store.records import Provenance, Question, Sampling
from store.sources import read_text

Json = Mapping[str, Any]

_NAME = re.compile(r"samples_(?P<task>.+)_(?P<date>\d{4}-\d\d-\d\dT[\d.-]+)\.jsonl?")
_IDS = (
    "unique_id",
    "question_id",
    "problem_id",
    "task_id",
    "id",
    "record id",
    "problem_idx",
    "idx",
)
_QUESTIONS = ("problem", "question", "prompt", "input", "query")
_GENERATION = {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k",
               "max_gen_toks": "max_tokens", "max_tokens": "max_tokens",
               "max_new_tokens": "max_tokens", "seed": "seed"}  # fmt: skip


def read_lm_eval(path: Path, options: LogOptions, *, gold_field: str | None = None) -> HarnessLog:
    """Read a sample log of lm-evaluation-harness.

    Args:
        path: the log, ``samples_<task>_<date>.jsonl``.
        options: how answers are read and tokens counted.
        gold_field: the field of ``doc`` that holds the right answer; by default ``target``, of
            which what follows ``####`` or is in the last box counts.

    Raises:
        SourceError: it is no such log, or a sample cannot be read and is not to be skipped.
        OSError: the file cannot be read.
    """
    lines = _lines(path)
    logged: dict[str, LoggedQuestion] = {}
    skipped, notes = [], []
    ids = _ids(lines)
    for location, line in lines.items():
        name = ids[location]
        try:
            question = LoggedQuestion(_question(line, name, gold_field), _replies(line))
            _check_repeated(name, question, logged)
        except (BadSample, BadCell) as problem:
            if not options.skip_bad:
                raise SourceError(str(problem), path=path, location=location) from problem
            skipped.append(SkippedSample(location, str(problem)))
        else:
            logged.setdefault(name, question)
    provenance, note = _provenance(path, next(iter(lines.values())), options)
    notes.extend([note] if note else [])
    return HarnessLog(build_environment(path, provenance, logged.values(), options), skipped, notes)


def _lines(path: Path) -> dict[str, Json]:
    lines: dict[str, Json] = {}
    for number, text in enumerate(read_text(path).split("\n"), start=1):
        if not text.strip():
            continue
        location = f"line {number}"
        try:
            line = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SourceError(f"is not JSON: {error}", path=path, location=location) from error
        if not isinstance(line, dict) or "resps" not in line or "doc_id" not in line:
            reason = "is not a sample of lm-evaluation-harness: it has no `resps` and `doc_id`"
            raise SourceError(reason, path=path, location=location)
        lines[location] = line
    if not lines:
        raise SourceError("the file contains no samples", path=path)
    return lines


def _ids(lines: Mapping[str, Json]) -> dict[str, str]:
    """Return the id of each line's question: its document's if those are distinct, else doc_id."""
    documents = {str(line["doc_id"]): line.get("doc") for line in lines.values()}
    names: dict[str, str] = {}
    for column in _IDS:
        ids = {
            number: find(doc, [column]) if isinstance(doc, dict) else None
            for number, doc in documents.items()
        }
        try:
            names = {number: as_text(cell[1], column) for number, cell in ids.items() if cell}
        except BadCell:
            continue
        if len(set(names.values())) == len(documents):
            break
    else:
        names = {number: number for number in documents}
    return {location: names[str(line["doc_id"])] for location, line in lines.items()}


def _question(line: Json, name: str, gold_field: str | None) -> Question:
    doc = line.get("doc")
    doc = doc if isinstance(doc, dict) else {}
    texts, letter = None, None
    with suppress(BadCell):  # most documents have no choices
        texts, letter = read_choices(doc)
    gold = letter_of(_gold(line, doc, gold_field), texts)
    if texts is not None and letter is not None and gold in (*texts, str(ord(letter) - ord("A"))):
        gold = letter
    cell = find(doc, _QUESTIONS)
    text = as_prompt(cell[1], cell[0]).text if cell else _prompt(line)
    return Question(id=name, gold=gold, text=text, choices=texts)


def _gold(line: Json, doc: Json, field: str | None) -> str:
    if field is not None:
        cell = find(doc, [field.casefold()])
        if cell is None:
            raise BadSample(f"its doc has no field `{field}`")
        return as_text(cell[1], cell[0])
    target = as_text(line.get("target"), "target")
    _, hashes, answer = target.rpartition("####")
    if hashes and answer.strip():
        return answer.strip().replace(",", "")
    if "\\boxed" in target or "\\fbox" in target:
        from store.answers.extraction import NO_ANSWER, extractor

        boxed = extractor("boxed").read(target)
        return target if boxed == NO_ANSWER else boxed
    return target


def _arguments(line: Json) -> tuple[object, Json]:
    """Return the prompt and the generation arguments of a sample's first request."""
    arguments = line.get("arguments")
    if isinstance(arguments, dict):
        first: object = next(iter(arguments.values()), None)
        if isinstance(first, dict):
            keywords = first.get("arg_1")
            return first.get("arg_0"), keywords if isinstance(keywords, dict) else {}
    if isinstance(arguments, list) and arguments and isinstance(arguments[0], list):
        # As versions before 0.4.3 wrote them.
        prompt, keywords, *_ = [*arguments[0], None, None]
        return prompt, keywords if isinstance(keywords, dict) else {}
    return None, {}


def _prompt(line: Json) -> str | None:
    prompt, _ = _arguments(line)
    return prompt if isinstance(prompt, str) and prompt.strip() else None


def _replies(line: Json) -> list[Reply]:
    """Return the model's replies: the first request's, or those of requests that are alike."""
    replies: list[Reply] = []
    for request in line["resps"]:
        for text in request if isinstance(request, list) else [request]:
            if not isinstance(text, str):
                raise BadSample(
                    "its `resps` are log-likelihoods, not texts; a task with output_type"
                    " generate_until has branches"
                )
            replies.append(Reply(text))
    if not replies:
        raise BadSample("its `resps` are empty")
    return replies


def _check_repeated(
    name: str, repeated: LoggedQuestion, logged: Mapping[str, LoggedQuestion]
) -> None:
    """Check that a question repeated under another filter has the same replies."""
    earlier = logged.get(name)
    if earlier is not None and earlier.replies != repeated.replies:
        raise BadSample(f"the replies to {name!r} differ from those of an earlier line")


def _provenance(path: Path, line: Json, options: LogOptions) -> tuple[Provenance, str]:
    """Return the provenance, and what was guessed for it."""
    named = _NAME.match(path.name)
    task = named["task"] if named else None
    results = _results(path, named["date"]) if named else {}
    folder = path.parent.resolve().name
    model = options.model or results.get("model_name") or None
    notes = []
    if model is None:
        model = folder.replace("__", "/")
        notes.append(f"took the model, {model}, from the name of the folder")
    benchmark = options.benchmark or task
    if benchmark is None:
        benchmark = path.name.partition(".")[0]
        notes.append(f"took the benchmark, {benchmark}, from the name of the file")
    _, keywords = _arguments(line)
    sampling = {
        ours: keywords[theirs]
        for theirs, ours in _GENERATION.items()
        if isinstance(keywords.get(theirs), (int, float))
    }
    version = results.get("lm_eval_version")
    provenance = Provenance(
        model=str(model),
        benchmark=benchmark,
        interval=INTERVAL,
        collector=f"lm-evaluation-harness {version}" if version else "lm-evaluation-harness",
        source=path.name,
        sampling=Sampling(**sampling),
        probed=False,
    )
    return provenance, " and ".join(notes)


def _results(path: Path, date: str) -> Json:
    """Return the results of the same run, beside the log; empty where they are not there."""
    try:
        results = json.loads(read_text(path.with_name(f"results_{date}.json")))
    except (OSError, ValueError, RecursionError, SourceError):
        return {}
    return results if isinstance(results, dict) else {}

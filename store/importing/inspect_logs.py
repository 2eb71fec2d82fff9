"""Import logs of inspect_ai: ``.eval``, a zip archive, or ``.json``; one branch for each epoch.

A sample's answer is read from the completion, and its length is the usage of its one call. Samples
that failed, or that called the model several times, are no branches.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from store.errors import SourceError
from store.importing.archives import Archive
from store.importing.cells import BadCell, as_prompt, as_text
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

_ATTACHMENT = "attachment://"
_SAMPLE = re.compile(r"samples/.+_epoch_\d+(?:/sample)?\.json", re.DOTALL)
"""The entry of a sample, whole or (where it is cut in pieces) the one that holds the reply."""
_CUT = frozenset({"max_tokens", "model_length", "length"})


class _Sample(NamedTuple):
    """One sample of the log, as JSON, with its position."""

    location: str
    values: Json


class _Key(NamedTuple):
    """What a branch is reported by."""

    id: str
    epoch: int


def read_inspect(path: Path, options: LogOptions) -> HarnessLog:
    """Read a log of inspect_ai.

    Args:
        path: the log.
        options: how answers are read and tokens counted.

    Raises:
        SourceError: it is no such log, or a sample cannot be read and is not to be skipped.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        is_archive = file.read(2) == b"PK"
    header, samples = _from_archive(path) if is_archive else _from_json(path)
    spec = _object(header, "eval")
    notes = []
    if header.get("status") != "success":
        notes.append(f"the evaluation did not succeed: its status is {header.get('status')!r}")
    questions: dict[str, Question] = {}
    replies: dict[str, dict[int, list[Reply]]] = {}
    skipped = []
    for sample in samples:
        try:
            key, question, logged_question = _read_sample(sample.values, options)
            _check_repeated(key, question, questions, replies)
        except (BadSample, BadCell) as problem:
            if not options.skip_bad:
                raise SourceError(str(problem), path=path, location=sample.location) from problem
            skipped.append(SkippedSample(sample.location, str(problem)))
        else:
            questions[key.id] = question
            replies.setdefault(key.id, {})[key.epoch] = logged_question
    logged = [
        LoggedQuestion(questions[name], [reply for _, replies in epochs for reply in replies])
        for name in _ordered(questions, spec)
        for epochs in [sorted(replies[name].items())]
    ]
    provenance = _provenance(path, header, spec, options)
    environment = build_environment(path, provenance, logged, options)
    return HarnessLog(environment, skipped, notes)


def _from_archive(path: Path) -> tuple[Json, list[_Sample]]:
    with Archive(path) as archive:
        names = archive.names
        # A log whose evaluation was killed has its header in the journal alone.
        header = next((n for n in ("header.json", "_journal/start.json") if n in names), None)
        if header is None:
            raise SourceError("is not a log of inspect_ai: it has no header.json", path=path)
        samples = [
            _Sample(name, _loaded(archive.read(name), path, name))
            for name in names
            if _SAMPLE.fullmatch(name)
        ]
        return _loaded(archive.read(header), path, header), samples


def _from_json(path: Path) -> tuple[Json, list[_Sample]]:
    log = _loaded(read_text(path), path, None)
    samples = log.get("samples") or []
    if "eval" not in log or not isinstance(samples, list):
        raise SourceError("is not a log of inspect_ai", path=path)
    return log, [_Sample(f"$.samples[{k}]", sample) for k, sample in enumerate(samples)]


def _loaded(content: bytes | str, path: Path, location: str | None) -> Json:
    # The standard library's parser, since inspect_ai writes a score of NaN as NaN.
    try:
        loaded = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"is not JSON: {error}", path=path, location=location) from error
    if not isinstance(loaded, dict):
        raise SourceError("is not a JSON object", path=path, location=location)
    return loaded


def _object(values: Json, name: str) -> Json:
    """Return a member that is an object; an empty one where it is absent."""
    value = values.get(name)
    return value if isinstance(value, dict) else {}


def _read_sample(sample: Json, options: LogOptions) -> tuple[_Key, Question, list[Reply]]:
    if not isinstance(sample, dict):
        raise BadSample("is not a JSON object")
    if sample.get("error"):
        message = str(_object(sample, "error").get("message", ""))
        raise BadSample(f"the sample failed: {message[:120]!r}")
    if sample.get("invalidation"):
        raise BadSample("the sample was invalidated")
    name, epoch = as_text(sample.get("id"), "id"), sample.get("epoch", 1)
    if not isinstance(epoch, int):
        raise BadSample(f"its epoch is {epoch!r}, not a number")
    choices = sample.get("choices")
    texts = None
    if isinstance(choices, list) and choices:
        texts = [as_text(choice, "choices") for choice in choices]
    target = letter_of(as_text(sample.get("target"), "target"), texts)
    prompt = as_prompt(_attached(sample.get("input"), sample), "input").text
    question = Question(id=name, gold=target, text=prompt, choices=texts)
    return _Key(name, epoch), question, _replies(sample, options)


def _replies(sample: Json, options: LogOptions) -> list[Reply]:
    """Return the replies of a sample: one, or several where several were requested at once."""
    calls = sample.get("turn_count") or _generated(sample)
    if calls > 1:
        raise BadSample(f"called the model {calls} times; a branch is one call")
    output = _object(sample, "output")
    choices = output.get("choices") or []
    if not choices:
        raise BadSample("has no reply")
    tokens = _object(output, "usage").get("output_tokens") or None
    if len(choices) > 1:
        # The usage is that of all choices together.
        if options.counter is None:
            raise BadSample(
                f"has {len(choices)} choices and one length for all; leave num_choices at 1 and set"
                " epochs, or count them with --tokenizer FILE"
            )
        tokens = None
    completion = output.get("completion") if len(choices) == 1 else None
    return [_reply(choice, completion, tokens, sample) for choice in choices]


def _generated(sample: Json) -> int:
    """How many of the messages are the model's own, as far as an older log records."""

    def replies_in(messages: object) -> int:
        listed = messages if isinstance(messages, list) else []
        return sum(message.get("role") == "assistant" for message in listed)

    return replies_in(sample.get("messages")) - replies_in(sample.get("input"))


def _reply(choice: Json, completion: str | None, tokens: int | None, sample: Json) -> Reply:
    content = _object(choice, "message").get("content", "")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    thought = "".join(_thought(part, sample) for part in parts if part.get("type") == "reasoning")
    visible = completion or "".join(
        part.get("text", "") for part in parts if part.get("type") == "text"
    )
    visible = str(_attached(visible, sample))
    reason = choice.get("stop_reason", "unknown")
    finish = {"unknown": None}.get(reason, "length" if reason in _CUT else reason)
    if thought and not visible.strip():
        text = f"<think>\n{thought}"  # truncated while it thought
    elif thought:
        text = f"<think>\n{thought}\n</think>\n\n{visible}"
    else:
        text = visible
    return Reply(text, tokens, finish)


def _thought(part: Json, sample: Json) -> str:
    text = part.get("summary") if part.get("redacted") else part.get("reasoning")
    return str(_attached(text or "", sample))


def _attached(value: object, sample: Json) -> object:
    """Return a text, looked up where the log keeps long ones apart."""
    if isinstance(value, str) and value.startswith(_ATTACHMENT):
        return _object(sample, "attachments").get(value.removeprefix(_ATTACHMENT), value)
    return value


def _check_repeated(
    key: _Key,
    question: Question,
    questions: Mapping[str, Question],
    replies: Mapping[str, Mapping[int, object]],
) -> None:
    earlier = questions.get(key.id)
    if earlier is not None and (earlier.text, earlier.gold) != (question.text, question.gold):
        raise BadSample(f"the id {key.id!r} is also the id of another question")
    if key.epoch in replies.get(key.id, {}):
        raise BadSample(f"epoch {key.epoch} of {key.id!r} appears twice")


def _ordered(questions: Mapping[str, Question], spec: Json) -> Iterator[str]:
    """Yield the ids in the order of the dataset, then the others in file order."""
    listed: Sequence[object] = _object(spec, "dataset").get("sample_ids") or []
    order = {str(name): index for index, name in enumerate(listed)}
    return iter(sorted(questions, key=lambda name: order.get(name, len(order))))


def _provenance(path: Path, header: Json, spec: Json, options: LogOptions) -> Provenance:
    config = {
        **_object(spec, "model_generate_config"),
        **_object(_object(header, "plan"), "config"),
    }
    version = _object(spec, "packages").get("inspect_ai")
    sampling = Sampling(
        **{name: config[name] for name in ("temperature", "top_p", "top_k", "max_tokens", "seed")
           if isinstance(config.get(name), (int, float))}
    )  # fmt: skip
    return Provenance(
        model=options.model or str(spec.get("model", "")) or path.stem,
        benchmark=options.benchmark or str(spec.get("task", "")) or path.stem,
        interval=INTERVAL,
        collector=f"inspect_ai {version}" if version else "inspect_ai",
        source=path.name,
        sampling=sampling,
        probed=False,
    )

"""Logs of evaluation harnesses become recordings of whole replies."""

import json
from pathlib import Path
from typing import Any

import pytest

from store.errors import SourceError
from store.importing.answers import AnswerReader
from store.importing.harness_logs import HarnessLog, LogOptions
from store.importing.inspect_logs import read_inspect
from store.importing.lm_eval_logs import read_lm_eval
from store.importing.token_counts import TokenCounter
from tests.store.importing.logs import (
    HEADER,
    deflated,
    inspect_log,
    inspect_sample,
    lm_eval_log,
    lm_eval_sample,
    zstandard_zip,
)

TOKENIZER = Path(__file__).parents[2] / "vllm" / "reasoners" / "small"


def options(*, counter: TokenCounter | None = None, skip_bad: bool = False) -> LogOptions:
    return LogOptions(AnswerReader(), counter, skip_bad)


def branches(log: HarnessLog) -> dict[str, list[tuple[str, int, str | None]]]:
    return {
        item.question.id: [(branch.final, branch.tokens, branch.finish) for branch in item.branches]
        for item in log.environment.items
    }


SAMPLES = [
    inspect_sample(1, 2, "so \\boxed{4}"),
    inspect_sample("b", 1, "\\boxed{3}"),
    inspect_sample(1, 1, "\\boxed{5}"),
    inspect_sample(1, 10, "nothing"),
]


@pytest.mark.parametrize("frames", [1, 3])
def test_epoch_becomes_a_branch_in_any_archive_order(tmp_path: Path, frames: int) -> None:
    log = read_inspect(inspect_log(tmp_path / "a.eval", SAMPLES, frames=frames), options())
    assert branches(log) == {
        "b": [("3", 10, "stop")],
        "1": [("5", 10, "stop"), ("4", 20, "stop"), ("ERR", 100, "stop")],
    }
    provenance = log.environment.provenance
    assert (provenance.model, provenance.benchmark) == ("vllm/tiny-1b", "sums")
    assert (provenance.collector, provenance.probed) == ("inspect_ai 0.3.285", False)
    assert (provenance.extraction, provenance.sampling.temperature) == ("boxed", 0.7)
    assert log.notes == []


def test_json_logs_and_deflated_ones_are_read_equally(tmp_path: Path) -> None:
    whole = branches(read_inspect(inspect_log(tmp_path / "a.eval", SAMPLES), options()))
    assert branches(read_inspect(inspect_log(tmp_path / "a.json", SAMPLES), options())) == whole
    assert branches(read_inspect(deflated(tmp_path / "b.eval", SAMPLES), options())) == whole


def test_sample_stored_in_several_frames_is_read(tmp_path: Path) -> None:
    entries = {"header.json": json.dumps(HEADER).encode()}
    for sample in SAMPLES:
        prefix = f"samples/{sample['id']}_epoch_{sample['epoch']}"
        entries[f"{prefix}/sample.json"] = json.dumps(sample).encode()
        entries[f"{prefix}/messages/0.json"] = b"[]"
    (tmp_path / "a.eval").write_bytes(zstandard_zip(entries))
    whole = branches(read_inspect(inspect_log(tmp_path / "b.eval", SAMPLES), options()))
    assert branches(read_inspect(tmp_path / "a.eval", options())) == whole


def test_older_log_reveals_several_calls_by_its_messages(tmp_path: Path) -> None:
    sample = inspect_sample("b", 1, "\\boxed{4}", turn_count=None)
    assert read_inspect(inspect_log(tmp_path / "a.eval", [sample]), options()).skipped == []
    sample["messages"] = [*sample["messages"], *sample["messages"]]
    with pytest.raises(SourceError, match="called the model 2 times"):
        read_inspect(inspect_log(tmp_path / "b.eval", [sample]), options())


def test_reasoning_is_kept_but_not_searched_for_answers(tmp_path: Path) -> None:
    content = [
        {"type": "reasoning", "reasoning": "maybe \\boxed{9}"},
        {"type": "text", "text": "It is \\boxed{4}."},
    ]
    sample = inspect_sample("b", 1, "It is \\boxed{4}.")
    sample["output"]["choices"][0]["message"]["content"] = content
    log = read_inspect(inspect_log(tmp_path / "a.eval", [sample]), options())
    [(_, [branch])] = log.environment.items
    assert branch.final == "4"
    assert branch.text == "<think>\nmaybe \\boxed{9}\n</think>\n\nIt is \\boxed{4}."


def test_choices_are_read_as_letters(tmp_path: Path) -> None:
    sample = inspect_sample("b", 1, "The answer is (B)", choices=["x", "y"], target="(B)")
    log = read_inspect(inspect_log(tmp_path / "a.eval", [sample]), options())
    [(question, [branch])] = log.environment.items
    assert (question.gold, question.choices, branch.final) == ("B", ["x", "y"], "B")


def several(sample: dict[str, Any]) -> dict[str, Any]:
    choice = sample["output"]["choices"][0]
    return {**sample, "output": {**sample["output"], "choices": [choice, choice]}}


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        (inspect_sample("b", 2, "", error={"message": "no server"}), "failed: 'no server'"),
        (inspect_sample("b", 2, "", turn_count=3), "called the model 3 times"),
        (inspect_sample("b", 2, "", target=["4", "four"]), "`target` contains a list of 2"),
        (inspect_sample("b", 2, "", invalidation={"author": "x"}), "invalidated"),
        (inspect_sample("b", 2, "", input="another"), "another question"),
        (several(inspect_sample("b", 2, "2")), "2 choices and one length for all"),
    ],
)
def test_unusable_sample_is_reported_or_skipped(
    tmp_path: Path, sample: dict[str, Any], reason: str
) -> None:
    path = inspect_log(tmp_path / "a.eval", [inspect_sample("b", 1, "\\boxed{4}"), sample])
    with pytest.raises(SourceError, match=reason) as caught:
        read_inspect(path, options())
    assert caught.value.location == "samples/b_epoch_2.json"
    log = read_inspect(path, options(skip_bad=True))
    assert branches(log) == {"b": [("4", 10, "stop")]}
    assert [sample.location for sample in log.skipped] == ["samples/b_epoch_2.json"]


def test_several_choices_at_once_are_counted_by_the_tokenizer(tmp_path: Path) -> None:
    path = inspect_log(tmp_path / "a.eval", [several(inspect_sample("b", 1, "12"))])
    log = read_inspect(path, options(counter=TokenCounter(TOKENIZER)))
    assert branches(log) == {"b": [("ERR", 2, "stop"), ("ERR", 2, "stop")]}


def test_truncated_reply_is_marked(tmp_path: Path) -> None:
    sample = inspect_sample("b", 1, "so it is 4")
    sample["output"]["choices"][0]["stop_reason"] = "max_tokens"
    log = read_inspect(inspect_log(tmp_path / "a.eval", [sample], status="error"), options())
    assert branches(log) == {"b": [("ERR", 10, "length")]}
    assert "status is 'error'" in log.notes[0]


def test_a_damaged_entry_is_named(tmp_path: Path) -> None:
    path = inspect_log(tmp_path / "a.eval", SAMPLES)
    content = bytearray(path.read_bytes())
    content[content.index(b"\x28\xb5\x2f\xfd") + 9] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"samples/1_epoch_2.json: is damaged"):
        read_inspect(path, options())
    path.write_bytes(content[:-30])
    with pytest.raises(SourceError, match="not a zip archive, or is truncated"):
        read_inspect(path, options())


def lm_eval_options() -> LogOptions:
    return options(counter=TokenCounter(TOKENIZER))


def test_the_replies_before_any_filter_are_branches(tmp_path: Path) -> None:
    replies = ["\\boxed{2}", "\\boxed{3}\u2028", "2"]
    samples = [
        lm_eval_sample(number, replies, filter=kind)
        for kind in ("strict", "majority")
        for number in (1, 0)
    ]
    folder = tmp_path / "org__tiny-1b"
    log = read_lm_eval(lm_eval_log(folder, samples), lm_eval_options())
    assert {name: [branch[0] for branch in found] for name, found in branches(log).items()} == {
        "t/1": ["2", "3", "ERR"],
        "t/0": ["2", "3", "ERR"],
    }
    [first, _] = log.environment.items
    assert (first.question.gold, first.question.text) == ("2", "1 + 1?")
    assert [branch.tokens for branch in first.branches] == TokenCounter(TOKENIZER).count(replies)
    provenance = log.environment.provenance
    assert (provenance.model, provenance.benchmark) == ("org/tiny-1b", "sums")
    assert (provenance.sampling.temperature, provenance.sampling.max_tokens) == (0.7, 64)
    assert "model, org/tiny-1b, from the name of the folder" in log.notes[0]


def test_the_results_beside_the_samples_name_the_model(tmp_path: Path) -> None:
    path = lm_eval_log(tmp_path / "x", [lm_eval_sample(1, ["2"])])
    results = {"model_name": "org/tiny-1b", "lm_eval_version": "0.4.13"}
    (path.parent / "results_2026-11-29T01-00-40.491003.json").write_text(json.dumps(results))
    log = read_lm_eval(path, lm_eval_options())
    assert log.environment.provenance.model == "org/tiny-1b"
    assert log.environment.provenance.collector == "lm-evaluation-harness 0.4.13"
    assert log.notes == []


@pytest.mark.parametrize(
    ("changed", "gold"),
    [
        ({"target": "4"}, "4"),
        ({"target": "so $\\boxed{\\frac12}$"}, "\\frac12"),
        ({"target": "#### 1,200"}, "1200"),
        ({"target": "(B)", "doc": {"question": "?", "choices": ["x", "y"], "answer": 1}}, "B"),
        ({"target": "1", "doc": {"question": "?", "choices": ["x", "y"], "answer": 1}}, "B"),
    ],
)
def test_gold_answer_is_read_from_the_target(
    tmp_path: Path, changed: dict[str, Any], gold: str
) -> None:
    path = lm_eval_log(tmp_path / "m", [lm_eval_sample(1, ["2"], **changed)])
    [item] = read_lm_eval(path, lm_eval_options()).environment.items
    assert item.question.gold == gold


def test_gold_answer_can_come_from_a_document_field(tmp_path: Path) -> None:
    doc = {"question": "?", "Gold": 7}
    path = lm_eval_log(tmp_path / "m", [lm_eval_sample(1, ["2"], doc=doc)])
    [item] = read_lm_eval(path, lm_eval_options(), gold_field="Gold").environment.items
    assert (item.question.id, item.question.gold) == ("1", "7")
    with pytest.raises(SourceError, match="line 1: its doc has no field `other`"):
        read_lm_eval(path, lm_eval_options(), gold_field="other")


def test_without_a_tokenizer_the_lengths_are_missing(tmp_path: Path) -> None:
    path = lm_eval_log(tmp_path / "m", [lm_eval_sample(1, ["2"])])
    with pytest.raises(SourceError, match="--tokenizer FILE"):
        read_lm_eval(path, options())


def test_log_likelihoods_are_not_replies(tmp_path: Path) -> None:
    sample = lm_eval_sample(1, [["-0.1", "False"]])
    with pytest.raises(SourceError, match="log-likelihoods, not texts"):
        read_lm_eval(lm_eval_log(tmp_path / "m", [sample]), lm_eval_options())


def test_unrelated_file_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"question": "?"}\n')
    with pytest.raises(SourceError, match="not a sample of lm-evaluation-harness"):
        read_lm_eval(path, lm_eval_options())
    path.write_text('{"question": "?"}')
    with pytest.raises(SourceError, match="not a log of inspect_ai"):
        read_inspect(path, options())

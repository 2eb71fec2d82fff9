"""``rheostat import`` reads answers, joins equal ones, and tells models from benchmarks."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from store.reader import Recording, open_recording
from tests.command_lines import CommandLine
from tests.store.importing.logs import inspect_log, inspect_sample, lm_eval_log, lm_eval_sample

TOKENIZER = str(Path(__file__).parents[1] / "vllm" / "reasoners" / "small" / "tokenizer.json")
JSONL = ("import", "jsonl", "a.jsonl", "--model", "m", "--benchmark", "b", "--interval", "500")


def released(path: Path, finals: list[str], gold: str = "1,2") -> None:
    question = {
        "question": "?",
        "gold_answer": gold,
        "probe_freq": 500,
        "final_answers_trace": finals,
        "each_branch": [[[final], 900, final] for final in finals],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([question]))


def finals(recording: Recording) -> list[str]:
    core = recording.core(0)
    return [core.answers[index] for index in core.final.tolist()]


def lines(home: Path, *branches: dict[str, Any], **question: object) -> None:
    row = {"question": "?", "answer": "2", "branches": list(branches), **question}
    (home / "a.jsonl").write_text(json.dumps(row))


@pytest.mark.parametrize(
    ("path", "model", "benchmark"),
    [
        ("aime24/Qwen3-8B.json", "Qwen3-8B", "aime24"),
        ("test_environment/Qwen3-8B/aime24.json", "Qwen3-8B", "aime24"),
        ("tiny/HMMT-Feb-2025.json", "tiny", "HMMT-Feb-2025"),
        ("gpqa_diamond/tiny.json", "tiny", "gpqa_diamond"),
        ("MATH-500/Qwen2.5-Math-7B.json", "Qwen2.5-Math-7B", "MATH-500"),
        ("DeepSeek-R1-Distill-Qwen-1.5B/sums.json", "DeepSeek-R1-Distill-Qwen-1.5B", "sums"),
        ("sums/tiny-1b.json", "tiny-1b", "sums"),
    ],
)
def test_both_layouts_of_the_release_are_recognised(
    cli: CommandLine, home: Path, path: str, model: str, benchmark: str
) -> None:
    released(home / path, ["2"])
    result = cli("import", "autotts", path, "-o", "made")
    assert (result.status, result.out) == (0, f"made/{Path(path).stem}.recording\n")
    assert f": model {model}, from the name of the " in result.err
    assert f"; benchmark {benchmark}, from the name of the " in result.err
    provenance = open_recording(home / result.out.strip()).provenance
    assert (provenance.model, provenance.benchmark) == (model, benchmark)


@pytest.mark.parametrize(
    ("path", "given", "asked"),
    [
        ("sums/tiny.json", (), "--model and --benchmark"),
        ("aime24/aime25.json", (), "--model and --benchmark"),
        ("Qwen3-8B/Qwen3-4B.json", (), "--model and --benchmark"),
        ("sums/tiny.json", ("--model", "m"), "--benchmark"),
    ],
)
def test_missing_names_in_a_path_are_requested(
    cli: CommandLine, home: Path, path: str, given: tuple[str, ...], asked: str
) -> None:
    released(home / path, ["2"])
    result = cli("import", "autotts", path, "-o", "made", *given)
    assert result.status == 2
    assert result.err.endswith(f"is the model and which is the benchmark; give {asked}\n")
    assert not (home / "made").exists()


@pytest.mark.parametrize(
    ("path", "given", "names"),
    [
        ("sums/tiny.json", ("--model", "tiny"), ("tiny", "sums")),
        ("tiny/sums.json", ("--benchmark", "sums"), ("tiny", "sums")),
        ("here/Qwen3-8B.json", ("--benchmark", "sums"), ("Qwen3-8B", "sums")),
        ("aime24/x.json", ("--model", "y"), ("y", "aime24")),
    ],
)
def test_one_known_name_determines_the_other(
    cli: CommandLine, home: Path, path: str, given: tuple[str, ...], names: tuple[str, str]
) -> None:
    released(home / path, ["2"])
    assert cli("import", "autotts", path, "-o", "made", *given).status == 0
    provenance = open_recording(home / f"made/{Path(path).stem}.recording").provenance
    assert (provenance.model, provenance.benchmark) == names


def test_a_compressed_file_is_read_and_names_the_recording_without_its_suffix(
    cli: CommandLine, home: Path
) -> None:
    released(home / "aime24/tiny.json", ["2"])
    plain = home / "aime24/tiny.json"
    (home / "aime24/tiny.json.gz").write_bytes(gzip.compress(plain.read_bytes()))
    result = cli("import", "autotts", "aime24/tiny.json.gz", "-o", "made")
    assert (result.status, result.out) == (0, "made/tiny.recording\n")
    assert open_recording(home / "made/tiny.recording").provenance.model == "tiny"


def test_equal_answers_in_different_spellings_are_merged_and_reported(
    cli: CommandLine, home: Path
) -> None:
    written = [r"\frac{1}{2}", r"\frac{ 1 }{2}", r"\frac{1}{ 2}", "3"]
    released(home / "hmmt25/tiny-1b.json", written, gold=r"\frac{1}{2}")
    assert cli("import", "autotts", "hmmt25/tiny-1b.json", "-o", "exact").status == 0
    assert finals(open_recording(home / "exact/tiny-1b.recording")) == written
    inspection = cli("inspect", "exact/tiny-1b.recording")
    assert inspection.err.startswith(
        "warning: exact/tiny-1b.recording: 2 of 4 final answers are written differently from an"
        " equal one, such as "
    )
    assert "pass@1 is 75.00 %" in inspection.err
    result = cli("import", "autotts", "hmmt25/tiny-1b.json", "-o", "joined",
               "--equivalence", "math-verify")  # fmt: skip
    assert result.status == 0
    assert (
        "merged 2 of 4 final answers and 2 of 4 answers at probes with an equal answer"
        in result.err
    )
    joined = open_recording(home / "joined/tiny-1b.recording")
    assert finals(joined) == [written[0]] * 3 + ["3"]
    assert joined.provenance.equivalence.startswith("math-verify")
    inspection = cli("inspect", "joined/tiny-1b.recording")
    assert inspection.err == ""
    assert "answers       as imported, compared by math-verify" in inspection.out


def test_plain_numbers_and_simulated_recordings_give_no_warning(
    cli: CommandLine, home: Path
) -> None:
    released(home / "aime24/tiny-1b.json", ["2", "3", "ERR", "20"], gold="2")
    assert cli("import", "autotts", "aime24/tiny-1b.json", "-o", "made").status == 0
    assert cli("inspect", "made/tiny-1b.recording").err == ""


def test_a_text_alone_is_a_branch(cli: CommandLine, home: Path) -> None:
    lines(
        home,
        {"text": "let me see \\boxed{1}</think>It is \\boxed{2}.", "tokens": 40},
        {"text": "It is \\boxed{3}", "token_ids": [5, 6, 7]},
        {"text": "cut at 2", "tokens": 9, "finish": "length"},
    )
    result = cli(*JSONL, "-o", "a.recording")
    assert result == (
        0, "a.recording\n", "final answers extracted by boxed: 3; not found (recorded as ERR): 1\n",
    )  # fmt: skip
    recording = open_recording(home / "a.recording")
    assert finals(recording) == ["2", "3", "ERR"]
    assert recording.core(0).tokens.tolist() == [40, 3, 9]
    assert (recording.provenance.extraction, recording.provenance.probed) == ("boxed", False)


def test_a_text_with_choices_is_read_for_a_letter(cli: CommandLine, home: Path) -> None:
    lines(home, {"text": "The answer is B", "tokens": 4}, choices=["x", "y"], answer="B")
    assert cli(*JSONL, "-o", "a.recording").status == 0
    assert finals(open_recording(home / "a.recording")) == ["B"]


def test_tokens_of_texts_are_counted_or_required(cli: CommandLine, home: Path) -> None:
    lines(home, {"text": "12"}, {"text": "1234"})
    refused = cli(*JSONL, "-o", "a.recording")
    assert refused.status == 2
    assert refused.err.startswith("error: a.jsonl, line 1, $.branches[0]: has no `tokens`")
    assert cli(*JSONL, "-o", "a.recording", "--tokenizer", TOKENIZER).status == 0
    assert open_recording(home / "a.recording").core(0).tokens.tolist() == [2, 4]


def test_a_branch_needs_a_final_answer_or_a_text(cli: CommandLine, home: Path) -> None:
    lines(home, {"tokens": 4})
    result = cli(*JSONL, "-o", "a.recording")
    assert result.status == 2
    assert "$.branches[0]: has no `final`, and no `text`" in result.err


def test_answers_are_compared_as_texts_on_request(cli: CommandLine, home: Path) -> None:
    branch = {"tokens": 4, "final": "I say 2!", "probes": ["1 or 3", "none"]}
    lines(home, branch)
    assert cli(*JSONL, "-o", "as-they-are.recording").err == ""
    assert finals(open_recording(home / "as-they-are.recording")) == ["I say 2!"]
    assert cli(*JSONL, "-o", "read.recording", "--answers", r"(\d)").status == 0
    recording = open_recording(home / "read.recording")
    assert recording.core(0).answers == ("3", "ERR", "2")
    assert recording.provenance.extraction == r"pattern:(\d)"
    assert {"raw", "final_raw"} <= recording.parts


@pytest.mark.parametrize("answers", ["boxd", "last_number", "pattern:(", "(a"])
def test_an_invalid_extraction_is_refused(cli: CommandLine, home: Path, answers: str) -> None:
    lines(home, {"tokens": 4, "final": "2"})
    result = cli(*JSONL, "-o", "a.recording", "--answers", answers)
    assert result.status == 2
    assert not (home / "a.recording").exists()


def test_mostly_unread_answers_give_a_warning(cli: CommandLine, home: Path) -> None:
    lines(home, {"tokens": 4, "final": "2"})
    result = cli(*JSONL, "-o", "a.recording", "--answers", "boxed")
    assert result.err.startswith("warning: final answers extracted by boxed: 1; not found")


def test_a_log_of_inspect_ai_is_replayed_by_complete_branches_only(
    cli: CommandLine, home: Path
) -> None:
    samples = [inspect_sample("b", epoch, "\\boxed{4}") for epoch in (1, 2)]
    inspect_log(home / "a.eval", [*samples, inspect_sample(1, 1, "", error={"message": "x"})])
    refused = cli("import", "inspect", "a.eval", "-o", "made")
    assert refused.status == 2
    assert refused.err == "error: a.eval, samples/1_epoch_1.json: the sample failed: 'x'\n"
    result = cli("import", "inspect", "a.eval", "-o", "made", "--skip-bad-samples")
    assert (result.status, result.out) == (0, "made/a.recording\n")
    assert result.err == (
        "warning: a.eval, samples/1_epoch_1.json: the sample failed: 'x': skipped\n"
        "made/a.recording: model vllm/tiny-1b, benchmark sums; questions: 1, branches: 2, without"
        " probes\n"
        "final answers extracted by boxed: 2\n"
    )
    on = ("--on", "made/a.recording", "--seeds", "1")
    assert cli("sweep", "sc", *on, "--set", "n=2").status == 0
    assert cli("sweep", "cmc", *on, "--beta", "0.5").status == 2


def test_a_log_of_lm_eval_becomes_a_recording(cli: CommandLine, home: Path) -> None:
    path = lm_eval_log(home / "org__tiny", [lm_eval_sample(1, ["2", "\\boxed{2}"])])
    arguments = ("import", "lm-eval", str(path.relative_to(home)), "-o", "made")
    result = cli(*arguments, "--tokenizer", TOKENIZER, "--answers", r"(\d)", "--model", "m")
    assert result.status == 0, result.err
    recording = open_recording(home / result.out.strip())
    assert finals(recording) == ["2", "2"]
    assert (recording.provenance.model, recording.provenance.benchmark) == ("m", "sums")

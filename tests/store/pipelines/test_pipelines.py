"""Pipeline files are read strictly; records of trials and calls are kept whole."""

from pathlib import Path

import pytest

from store.errors import DamagedRecording, ForeignFile, StoreError
from store.pipelines.call_cache import CallCache, PipelineCall, PipelineReply
from store.pipelines.pipeline_file import read_held_out, read_pipeline
from store.pipelines.schema import QuestionResult, StageChoice, Trial
from store.pipelines.trials import TrialsHeader, TrialWriter, read_trials

FILE = """
name = "two"
questions = "questions.jsonl"

[[model]]
name = "small"
parameters = 3.0

[[stage]]
name = "answer"
prompt_tokens = 128
output_tokens = 64
prompt = "{question}"
"""
QUESTIONS = '{"id": "a", "question": "1+1", "gold": "2"}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "questions.jsonl").write_text(QUESTIONS)
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "two.toml"
    path.write_text(text)
    return path


def test_a_pipeline_is_read_with_its_questions(folder: Path) -> None:
    found = read_pipeline(written(folder, FILE))
    assert found.pipeline.stage("answer").output_tokens == 64
    assert [question.gold for question in found.questions] == ["2"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("output_tokens", "output_tokes"), "did you mean output_tokens"),
        (("{question}", "{qestion}"), "did you mean question"),
        (("parameters = 3.0", "parameters = -1.0"), "must be above 0"),
        (('name = "answer"', 'name = "answer"\nmodels = ["smal"]'), "did you mean small"),
        (("questions.jsonl", "nowhere.jsonl"), "no such file of questions"),
        (('"two"', '"two"\nversion = 9'), "update rheostat"),
        (("128", '"many"'), "expected `int`"),
        (('name = "answer"', 'name = "answer"\nextract = "["'), "not a regular expression"),
        (("[[stage]]", "[[stage"), "is not TOML"),
        (
            ("[[model]]", "held_out = 'x'\nsimulation.seed = 1\n[[model]]"),
            "generates its held-out questions",
        ),
    ],
)
def test_invalid_pipeline_file_gives_one_sentence(
    folder: Path, change: tuple[str, str], message: str
) -> None:
    with pytest.raises(StoreError, match=message) as caught:
        read_pipeline(written(folder, FILE.replace(*change)))
    assert "\n" not in str(caught.value)


def test_server_address_does_not_change_the_pipeline_digest(folder: Path) -> None:
    bare = read_pipeline(written(folder, FILE)).digest
    moved = FILE.replace("3.0", '3.0\nbase_url = "http://else/v1"')
    assert read_pipeline(written(folder, moved)).digest == bare
    assert read_pipeline(written(folder, FILE.replace("64", "65"))).digest != bare


def test_explicit_defaults_do_not_change_the_pipeline_digest(
    folder: Path,
) -> None:
    bare = read_pipeline(written(folder, FILE)).digest
    said = FILE.replace('"two"', '"two"\ntemperature = 0.9\nunit = "compute"')
    assert read_pipeline(written(folder, said)).digest == bare
    holding = FILE.replace('"two"', '"two"\nheld_out = "unseen.jsonl"')
    assert read_pipeline(written(folder, holding)).digest == bare  # and its file is not opened
    assert read_pipeline(written(folder, said.replace("0.9", "0.8"))).digest != bare


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (QUESTIONS, "line 2: the id 'a' is also in line 1 of"),
        (QUESTIONS.replace('"a"', '"c"').replace("1+1", " 1+1 "), "line 2: the question 'c' is"),
        ("{}", "line 2: is not a question"),
    ],
)
def test_question_in_both_splits_is_rejected(folder: Path, line: str, message: str) -> None:
    declared = read_pipeline(written(folder, FILE.replace('"two"', '"two"\nheld_out = "unseen"')))
    first = QUESTIONS.replace('"a"', '"b"').replace("1+1", "2+2")
    (folder / "unseen").write_text(first)
    found = read_held_out(declared)
    assert [question.id for question in found.questions] == ["b"]
    assert found.digest != declared.digest
    (folder / "unseen").write_text(first + line)
    with pytest.raises(StoreError, match=message) as caught:
        read_held_out(declared)
    assert str(caught.value).startswith(str(folder / "unseen"))


def head(folder: Path) -> TrialsHeader:
    found = read_pipeline(written(folder, FILE))
    return TrialsHeader(pipeline=found.pipeline, digest=found.digest, questions=["a"])


def trial(samples: int) -> Trial:
    return Trial(
        choices=(StageChoice("small", samples),), cost=float(samples),
        answered=[QuestionResult(question="a", score=0.1 * samples)],
    )  # fmt: skip


def test_trials_are_read_back_as_they_were_written(folder: Path) -> None:
    path = folder / "trials.record"
    for samples in (1, 2):  # by two writers, one after the other
        with TrialWriter.open(path, head(folder)) as writer:
            writer.add(trial(samples))
    assert list(read_trials(path).trials.values()) == [trial(1), trial(2)]


def test_a_trial_is_recorded_once(folder: Path) -> None:
    with TrialWriter.open(folder / "trials.record", head(folder)) as writer:
        writer.add(trial(1))
        with pytest.raises(StoreError, match="already recorded"):
            writer.add(trial(1))


def test_complete_trials_survive_any_torn_tail(folder: Path) -> None:
    path = folder / "trials.record"
    with TrialWriter.open(path, head(folder)) as writer:
        writer.add(trial(1))
        whole = path.stat().st_size
        writer.add(trial(2))
    content = path.read_bytes()
    for end in range(whole + 1, len(content)):
        path.write_bytes(content[:end])
        assert list(read_trials(path).trials.values()) == [trial(1)]
        assert read_trials(path).torn
    with TrialWriter.open(path, head(folder)) as writer:
        writer.add(trial(2))
    assert path.read_bytes() == content


def test_changed_byte_is_rejected(folder: Path) -> None:
    path = folder / "trials.record"
    with TrialWriter.open(path, head(folder)) as writer:
        for samples in (1, 2, 3):
            writer.add(trial(samples))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedRecording):
        read_trials(path)


def test_trials_of_another_pipeline_are_rejected(folder: Path) -> None:
    path = folder / "trials.record"
    TrialWriter.open(path, head(folder)).close()
    other = TrialsHeader(pipeline=head(folder).pipeline, digest="other", questions=["a"])
    with pytest.raises(StoreError, match="another pipeline"):
        TrialWriter.open(path, other)


def test_unrelated_file_is_not_a_trial_log(folder: Path) -> None:
    path = folder / "text"
    path.write_text("not a record, whatever it may look like")
    with pytest.raises(ForeignFile):
        read_trials(path)


def test_call_is_cached_by_content_and_sample_index(tmp_path: Path) -> None:
    call = PipelineCall(model="m", interface="chat", prompt="p", temperature=0.9, tokens=8)
    other = PipelineCall(
        model="m", interface="chat", prompt="p", temperature=0.9, tokens=8, place=1
    )
    calls = CallCache(tmp_path / "calls.sqlite")
    calls.keep(call, PipelineReply(text="first", tokens_in=1, tokens_out=1))
    calls.keep(call, PipelineReply(text="second", tokens_in=1, tokens_out=1))
    again = CallCache(tmp_path / "calls.sqlite")
    found = again.find(call)
    assert found is not None
    assert found.text == "first"
    assert again.find(other) is None
    assert call.seed != other.seed

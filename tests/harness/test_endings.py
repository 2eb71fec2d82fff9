"""How branches ended is read from recordings where a program asks, and nowhere else."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from dsl.compiler.objects import ObjectCache
from dsl.program import load_checked_program
from dsl.source import Source
from harness.engines import ControllerSetting
from harness.engines.compiled import CompiledEngine
from harness.engines.interpreter import InterpreterEngine
from harness.mdp.environment import ReplayEnvironment, load_replay_environment
from store.errors import DamagedRecording
from store.reader import Recording, open_recording
from tests.harness.small_recordings import branch, tiny

ENDS = ("length", "stop", None, "length")
ASKS = """controller whole {
  start { sample 4 }
  finally { answer winner(opened where .cut_off) else "none of them" }
}
"""
ASKS_NOT = """controller whole {
  each branch { .cut_off = 1 }
  start { sample 4 update opened { .cut_off = 2 } }
  finally { answer winner(opened, weight = .cut_off) }
}
"""


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    easy = [
        msgspec.structs.replace(branch(answer), finish=finish)
        for answer, finish in zip("7778", ENDS, strict=True)
    ]
    hard = [msgspec.structs.replace(branch("5"), finish=None) for _ in range(4)]
    path = tmp_path / "tiny.recording"
    tiny(path, branches=(easy, hard))
    return open_recording(path)


def answers(engine: Any, text: str, environment: ReplayEnvironment) -> list[list[str]]:  # noqa: ANN401
    """Return the answer of each question, under each of three seeds."""
    checked = load_checked_program(Source(text))
    episodes = engine.play(checked, ControllerSetting(None, {}), environment, (0, 1, 2))
    words = [{n: w for w, n in environment.words(q).items()} for q in range(2)]
    return [
        [words[question].get(number, "other") for number in row]
        for question, row in enumerate(episodes.answer.tolist())
    ]


ENGINES = [InterpreterEngine(), CompiledEngine(ObjectCache(), threads=1)]


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_both_engines_read_how_branches_ended(engine: Any, recording: Recording) -> None:  # noqa: ANN401
    environment = load_replay_environment(recording)
    result = answers(engine, ASKS, environment)
    # 7 and 8 have one vote each, and the order of opening decides
    assert set(result[0]) <= {"7", "8"}
    assert result[1] == ["other"] * 3
    assert environment.cut_off(0) == [True, False, False, True]
    assert environment.cut_off(1) == [False] * 4


def test_both_engines_agree(recording: Recording) -> None:
    environment = load_replay_environment(recording)
    first, second = (answers(engine, ASKS, environment) for engine in ENGINES)
    assert first == second


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_texts_are_not_read_for_programs_that_do_not_ask(
    engine: Any,  # noqa: ANN401
    recording: Recording,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: Recording, question: int) -> tuple[str | None, ...]:
        raise AssertionError(question)

    monkeypatch.setattr(Recording, "finishes", refuse)
    environment = load_replay_environment(recording)
    assert answers(engine, ASKS_NOT, environment)[0] == ["7"] * 3
    with pytest.raises(AssertionError):
        answers(engine, ASKS, environment)


def test_finish_reasons_are_read_without_the_texts(recording: Recording) -> None:
    assert recording.finishes(0) == ENDS
    assert recording.finishes(1) == (None,) * 4
    with pytest.raises(IndexError):
        recording.finishes(2)


def test_damaged_block_of_texts_is_refused(recording: Recording, tmp_path: Path) -> None:
    content = bytearray(recording.path.read_bytes())
    position = content.index(b"length")
    content[position] ^= 1
    damaged = tmp_path / "damaged.recording"
    damaged.write_bytes(content)
    with pytest.raises(DamagedRecording):
        open_recording(damaged).finishes(0)

"""Comparisons of answers run in a guarded process: crashes, hangs and its cache."""

import itertools
import os
import signal
from pathlib import Path

import pytest

from store.answers import guarded
from store.answers.equivalence import AnswerPool, MathVerify

UNRELATED = "77/13"


@pytest.mark.parametrize(
    "answer",
    [
        "9" * 9_000,
        "0." + "3" * 9_000,
        "(" * 900 + "1" + ")" * 900,
        r"\frac{1}" * 500,
        "9^{9^{9^{9^{9^9}}}}",
        "99999!!!",
        r"\binom{10^{9}}{5\cdot 10^{8}}",
        "x^{x^{x^{x^{x^x}}}}+1",
        "1e9999",
        r"\sqrt[0]{2}",
        r"\frac{1}{0}",
        "}{",
        r"\text{",
        "$" * 99,
    ],
)
def test_no_model_output_raises_or_hangs(mathematics: MathVerify, answer: str) -> None:
    forms = mathematics.forms([AnswerPool([answer, "12"], UNRELATED)])[0]
    assert forms["12"] == "12"
    assert forms[answer] != UNRELATED
    assert mathematics.forms([AnswerPool([answer], answer)])[0][answer] == answer


def test_process_crash_leaves_the_answer_unchanged(tmp_path: Path) -> None:
    with MathVerify(tmp_path) as equivalence:
        assert equivalence.forms([AnswerPool([r"\sqrt8"], r"2\sqrt2")])[0][r"\sqrt8"] == r"2\sqrt2"
        for child in _children():
            os.kill(child, signal.SIGKILL)
        forms = equivalence.forms([AnswerPool([r"\sqrt{27}", "5"], "5.0")])[0]
        assert forms["5"] == "5.0"
        assert equivalence.forms([AnswerPool([r"\sqrt{98}"], r"7\sqrt2")])[0] == {
            r"\sqrt{98}": r"7\sqrt2"
        }


def _children() -> list[int]:
    path = Path(f"/proc/{os.getpid()}/task")
    found = [(task / "children").read_text().split() for task in path.iterdir()]
    commands = {int(pid): Path(f"/proc/{pid}/cmdline") for pid in itertools.chain(*found)}
    return [pid for pid, command in commands.items() if b"spawn_main" in command.read_bytes()]


def test_timed_out_answer_is_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "SECONDS", 0.3)
    with MathVerify() as equivalence:
        forms = equivalence.forms([AnswerPool([r"\int e^{t^2}\sin(t^3)\,dt", "5"], "5.0")])[0]
    assert forms == {
        r"\int e^{t^2}\sin(t^3)\,dt": r"\int e^{t^2}\sin(t^3) dt",
        "5": "5.0",
    }


def test_repeated_comparison_uses_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools = [AnswerPool([r"\sqrt{72}", r"\int x\,dx"], r"6\sqrt2")]
    with MathVerify(tmp_path) as equivalence:
        first = equivalence.forms(pools)
    started: list[object] = []
    monkeypatch.setattr(guarded.GuardedProcess, "_processes", started.append)
    with MathVerify(tmp_path) as equivalence:
        assert equivalence.forms(pools) == first
    assert started == []


def test_damaged_cache_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "descriptions.sqlite").write_bytes(b"no database" * 100)
    with MathVerify(tmp_path) as equivalence:
        assert equivalence.forms([AnswerPool([r"\sqrt{4}"], "2")]) == [{r"\sqrt{4}": "2"}]

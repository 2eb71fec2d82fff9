"""Answers come to be recorded alike, whichever command reads them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.reader import open_recording
from tests.command_lines import CommandLine
from tests.store.answers.test_equivalence import EQUAL, ONE_VOTE
from tests.store.answers.test_readings import TWO_VOTES
from tests.store.serving.scripted import MODEL, ScriptedServer, serving

GOLDS = [
    "144", "-7", "0.35", "3.60", "1,250", r"10{,}080", r"\$32{,}500", r"36^\circ", r"12\%",
    r"\frac{7}{12}", r"\frac47", r"-\dfrac{5}{8}", "5/9", r"4\frac{1}{3}", r"2.5 \times 10^{7}",
    r"\sqrt{29}", r"5\sqrt{3}", r"\frac{3+\sqrt{17}}{2}", r"\sqrt[3]{9}", r"\pi", r"\frac{9\pi}{4}",
    "4-3i", r"2e^{3}", r"\log_{3} 5", "x^3-4x+1", "(y-2)(y+5)", r"\frac{2k}{k+1}", "6a^2b",
    "y = -2x + 7", "3x - 2y + 5 = 0", r"x^2 + (y-1)^2 = 16", "(3, -4)",
    r"\left( 2, \frac{\pi}{6} \right)",
    "(1,0,-2)", "2, 5, 11", "-1, 3", r"1 \pm \sqrt{7}", r"(-\infty, 4]", r"(-2,1) \cup (3,\infty)",
    r"[0, 9)", r"x \ge 5", r"x \in [-1, 6]", r"\{1, 4, 9\}", r"\emptyset", r"\mathbb{R}",
    r"\begin{pmatrix} 2 & -1 \\ 0 & 4 \end{pmatrix}", r"\begin{pmatrix} 1/2 \\ -3 \end{pmatrix}",
    "423_5", "7:30", "3:4", r"\text{Tuesday}", r"\text{(C)}", r"\text{odd}", "Brittany", "D", "yes",
    r"\text{No solution}", r"18\text{ cm}^2", r"40 \text{ mph}", r"5 \text{ minutes}", "n!", "8!",
    r"\binom{9}{4}", r"f(x) = 3x - 2", r"x=4", r"\infty", r"\frac{1}{2^{20}}", "2^{50}",
    "11,\\! 111",
]  # fmt: skip
"""Gold answers in the forms that benchmarks of mathematics give them."""


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with serving(ScriptedServer()) as server:
        yield server


def write_lines(path: Path, lines: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path.name


def finals(path: Path) -> dict[str, list[str]]:
    """The final answers of a recording by question, after its gold answer."""
    recording = open_recording(path)
    return {
        question.id: [question.gold, *(branch.final for branch in recording.branches(number))]
        for number, question in enumerate(recording.questions)
    }


def test_collect_and_import_record_the_same_answers(
    cli: CommandLine, scripted: ScriptedServer, home: Path
) -> None:
    pairs = {f"equal-{index}": (gold, [answer]) for index, (answer, gold) in enumerate(EQUAL)}
    pools = {
        f"{kind}-{index}": ("77/13", list(answers))
        for kind, groups in (("one", ONE_VOTE), ("two", TWO_VOTES))
        for index, answers in enumerate(groups)
    }
    questions = [
        {
            "id": name,
            "question": name,
            "answer": gold,
            "texts": [rf"So \boxed{{{a}}}." for a in result],
        }
        for name, (gold, result) in (pairs | pools).items()
    ]
    existing = [
        {**rest, "chains": [{"text": text} for text in texts]}
        for question in questions
        for rest, texts in [
            ({k: v for k, v in question.items() if k != "texts"}, question["texts"])
        ]
    ]
    imported = [
        {**rest, "branches": [{"text": text, "tokens": 9} for text in texts]}
        for question in questions
        for rest, texts in [
            ({k: v for k, v in question.items() if k != "texts"}, question["texts"])
        ]
    ]
    how = ["--interval", "4000", "--equivalence", "math-verify"]
    result = cli(
        "collect", "--base-url", scripted.url, "--model", MODEL, "--family", "plain",
        "--from", write_lines(home / "chains.jsonl", existing), *how, "-o", "c.recording",
    )  # fmt: skip
    assert result.status == 0, result.err
    result = cli(
        "import", "jsonl", write_lines(home / "branches.jsonl", imported), "--model", MODEL,
        "--benchmark", "b", "--answers", "boxed", *how, "-o", "i.recording",
    )  # fmt: skip
    assert result.status == 0, result.err
    collected = finals(home / "c.recording")
    assert collected == finals(home / "i.recording")
    for name, (gold, *answers) in collected.items():
        if name.startswith("equal"):
            assert answers == [gold], name
        else:
            assert len(set(answers)) == (1 if name.startswith("one") else 2), name


def test_a_gold_answer_of_every_form_equals_itself(cli: CommandLine, home: Path) -> None:
    lines = [
        {
            "question": f"number {index}",
            "answer": gold,
            "branches": [{"text": rf"Thus $\boxed{{{gold}}}$.", "tokens": 9}],
        }
        for index, gold in enumerate(GOLDS)
    ]
    result = cli(
        "import", "jsonl", write_lines(home / "golds.jsonl", lines), "--model", "m",
        "--benchmark", "b", "--interval", "500", "--equivalence", "math-verify",
        "-o", "g.recording",
    )  # fmt: skip
    assert result.status == 0, result.err
    recorded = finals(home / "g.recording").values()
    assert [(gold, answer) for gold, answer in recorded if gold != answer] == []

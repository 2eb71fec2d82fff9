"""Answers of imported branches: extracted, and joined where they are equal."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from store.answers.equivalence import AnswerPool
from store.environment import Environment, Item
from store.errors import SourceError
from store.importing.answers import (
    AnswerReader,
    after_thinking,
    extract_answers,
    join_answers,
    joined_to,
)
from store.importing.token_counts import TokenCounter
from store.records import Branch, Greedy, Provenance, Question


class Blanks:
    """Holds answers equal that differ in blanks, and counts how it is asked."""

    name = "blanks 1"

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    async def canonical(self, answer: str, gold: str | None) -> str:
        return answer

    async def pooled(self, pool: AnswerPool) -> dict[str, str]:
        return {answer: answer.replace(" ", "") for answer in pool.answers}

    def forms(self, pools: Sequence[AnswerPool]) -> list[dict[str, str]]:
        self.asked = [list(pool.answers) for pool in pools]
        return [{answer: answer.replace(" ", "") for answer in pool.answers} for pool in pools]


def environment(*items: Item) -> Environment:
    return Environment(Provenance(model="m", benchmark="b", interval=5, collector="c"), items)


def test_equal_answers_of_a_question_are_compared_once_and_share_a_form() -> None:
    first = Item(
        Question(id="a", gold="12", greedy=Greedy(answer="1 3", tokens=4)),
        [
            Branch(answers=["1 2", "1 2", "ERR"], tokens=9, final="12"),
            Branch(answers=[], tokens=9, final="1 2"),
            Branch(answers=["1 3"], tokens=9, final=" 12"),
        ],
    )
    second = Item(Question(id="b", gold="5"), [Branch(answers=[], tokens=1, final="5")])
    blanks = Blanks()
    done = join_answers(environment(first, second), blanks)
    assert blanks.asked == [["1 2", "ERR", "12", "1 3", " 12"], ["5"]]
    [changed, _] = done.environment.items
    assert [branch.final for branch in changed.branches] == ["12", "12", "12"]
    assert changed.branches[0].answers == ["12", "12", "ERR"]
    assert changed.question.greedy == Greedy(answer="13", tokens=4)
    assert done.environment.provenance.equivalence == "blanks 1"
    assert (done.joined.finals, done.joined.of_finals) == (2, 4)
    assert (done.joined.probes, done.joined.of_probes) == (2, 4)
    assert done.joined.example == ("a", "1 2", "12")


def test_answer_with_a_unique_form_is_not_joined() -> None:
    assert joined_to({"0.5": 1, "7": 2}, {"0.5": "1/2", "7": "7"}, "9") == {}
    assert joined_to({"0.5": 1, "2/4": 2}, {"0.5": "1/2", "2/4": "1/2"}, "9") == {"0.5": "2/4"}
    assert joined_to({"0.5": 3}, {"0.5": "1/2"}, "1/2") == {"0.5": "1/2"}


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("a</think>b", "b"), ("a</think>b</think>c", "c"), ("plain", "plain"),
        ("a[/THINK]b", "b"), ("a<|channel|>final<|message|>b", "b"), ("<think>cut", "<think>cut"),
    ],
)  # fmt: skip
def test_answer_is_read_from_the_text_after_thinking(text: str, visible: str) -> None:
    assert after_thinking(text) == visible


def test_texts_are_kept_beside_the_extracted_answers() -> None:
    boxed = Item(
        Question(id="a", gold="2"),
        [Branch(answers=["\\boxed{1}", "?"], tokens=9, final="\\boxed{9}</think>\\boxed{2}")],
    )
    lettered = Item(
        Question(id="b", gold="B", choices=["x", "y"]),
        [Branch(answers=[], tokens=9, final="The answer is B.")],
    )
    reader = AnswerReader()
    done = extract_answers(environment(boxed, lettered), reader)
    [first, second] = done.items
    [branch] = first.branches
    assert (branch.answers, branch.final) == (["1", "ERR"], "2")
    assert branch.raw == ["\\boxed{1}", "?"]
    assert branch.final_raw == "\\boxed{9}</think>\\boxed{2}"
    assert second.branches[0].final == "B"
    assert done.provenance.extraction == "boxed/choice"
    assert (reader.read_finals, reader.unread_finals) == (2, 0)


def test_tokenizer_with_truncation_counts_all_tokens(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    source = Path(__file__).parents[2] / "vllm" / "reasoners" / "small" / "tokenizer.json"
    plain = TokenCounter(source).count(["12", "1234567"])
    cutting = Tokenizer.from_file(str(source))
    cutting.enable_truncation(3)
    cutting.enable_padding(length=9)
    cutting.save(str(tmp_path / "tokenizer.json"))
    assert TokenCounter(tmp_path).count(["12", "1234567"]) == plain == [2, 7]


def test_invalid_tokenizer_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(SourceError, match=r"is not a tokenizer.json"):
        TokenCounter(tmp_path)

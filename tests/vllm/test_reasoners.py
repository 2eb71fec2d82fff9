"""The tiny reasoners on a real server: right at times, more often by vote, and the later."""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import msgspec
import pytest

from tests.vllm.reasoners.asking import LONGEST, Reasoner, voted
from tests.vllm.reasoners.measure import Figures, measured
from tests.vllm.reasoners.questions import ADD, EXTRACT, stages, sums

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]

ASKED = 12
"""Questions of a test."""


class Message(msgspec.Struct):
    content: str


class Turn(msgspec.Struct):
    message: Message


class Chat(msgspec.Struct):
    choices: list[Turn]


@pytest.fixture(scope="module")
def medium(medium_url: str) -> Reasoner:
    return Reasoner(medium_url, "medium")


@pytest.fixture(scope="module")
def small(small_url: str) -> Reasoner:
    return Reasoner(small_url, "small")


def posed() -> list[tuple[str, str]]:
    return [(task["question"], task["answer"]) for task in sums(3, ASKED)]


@cache
def figured(of: Reasoner, temperature: float) -> Figures:
    """What was measured of a reasoner; hundreds of chains take their time."""
    return measured(of, posed(), temperature=temperature)


@pytest.mark.parametrize(("name", "temperature"), [("small", 0.7), ("medium", 1.0)])
def test_a_chain_is_right_at_times_and_a_vote_more_often(
    name: str, temperature: float, request: pytest.FixtureRequest
) -> None:
    figures = figured(request.getfixturevalue(name), temperature)
    assert 0.3 <= figures.single <= 0.7
    assert figures.votes[16] > figures.single + 0.15
    assert figures.unanswered < 0.02
    assert figures.lengths[-1] > 5 * figures.lengths[0]


def test_the_larger_model_errs_less(small: Reasoner, medium: Reasoner) -> None:
    assert figured(small, 1.0).single < figured(medium, 1.0).single


def test_an_answer_forced_later_is_right_more_often(medium: Reasoner) -> None:
    right = {0.1: 0, 0.5: 0, 1.0: 0}
    for question, answer in posed():
        thoughts = medium.thoughts(medium.chains(question, 8, 1.0, 0))
        for part in right:
            cuts = [thought[: round(len(thought) * part)] for thought in thoughts]
            right[part] += medium.forced(question, cuts).count(answer)
    assert max(right[0.1], right[0.5]) + 8 < right[1.0]


def test_a_forced_answer_is_a_digit_wherever_the_chain_is_cut(medium: Reasoner) -> None:
    question, _ = posed()[0]
    (thought,) = medium.thoughts(medium.chains(question, 1, 1.0, 0))
    forced = medium.forced(question, [thought[:cut] for cut in range(len(thought) + 1)])
    assert all(len(answer) == 1 and answer.isdigit() for answer in forced)


def test_two_stages_lead_from_a_line_to_its_sum(medium: Reasoner) -> None:
    right = 0
    for stage in stages(0, 10):
        first = medium.chains(EXTRACT.format(stage["question"]), 16, 1.0, 0)
        extracted = voted([chain.answer for chain in first])
        second = medium.chains(ADD.format(extracted), 16, 1.0, 0)
        right += voted([chain.answer for chain in second]) == stage["answer"]
    assert right >= 7


def test_a_seed_gives_the_same_chain_alone_and_among_others(medium: Reasoner) -> None:
    drawn = [(question, seed) for question, _ in posed()[:4] for seed in range(3)]

    def chain(question: tuple[str, int]) -> list[int]:
        return medium.chains(question[0], 1, 1.0, question[1])[0].token_ids

    alone = [chain(question) for question in drawn]
    with ThreadPoolExecutor(len(drawn)) as pool:
        together = list(pool.map(chain, drawn))
    assert together == alone


def test_a_chat_is_answered_with_a_thought_and_a_boxed_digit(medium: Reasoner) -> None:
    question, _ = posed()[0]
    said = [{"role": "user", "content": question}]
    reply = medium.asked("chat/completions", Chat, messages=said, max_tokens=LONGEST)
    text = reply.choices[0].message.content
    assert re.fullmatch(r"a.*\n</think>\n\nThe final answer is \\boxed\{\d\}", text, re.DOTALL)


def test_any_text_can_be_asked(medium: Reasoner) -> None:
    (chain,) = medium.chains("Grüße, 世界 \x00 \U0001f600 </think> 1+1?", 1, 1.0, 0)
    assert chain.token_ids

"""What the tiny reasoners are taught is what is said of it."""

import subprocess
import sys
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vllm.reasoners.chains import Habits, added, draw, extracted, held
from tests.vllm.reasoners.questions import ADD, EXTRACT, MOST, line, stages, sums, tagged

CAREFUL = Habits(slips=0, misreads=0)
CARELESS = Habits(slips=0.3, misreads=0.3)


@given(st.lists(st.integers(0, 9), min_size=3, max_size=MOST), st.integers())
def test_a_chain_without_mistakes_ends_in_the_sum(digits: list[int], seed: int) -> None:
    assert added(digits, CAREFUL, Random(seed)).answer == str(sum(digits) % 10)


@given(st.integers())
def test_a_line_without_mistakes_gives_its_digits(seed: int) -> None:
    drawn = line(Random(seed))
    assert extracted(drawn, CAREFUL, Random(seed)).answer == tagged(drawn.digits)
    assert [int(character) for character in drawn.text if character.isdigit()] == drawn.digits


@given(st.integers())
def test_what_is_held_at_the_end_of_a_thought_is_the_answer(seed: int) -> None:
    chain = draw(CARELESS, Random(seed), MOST, extracting=0.5)
    assert held(chain, chain.thought, Random(0)) == chain.answer


def test_more_mistakes_are_made_the_more_were_asked_for() -> None:
    digits = [7, 1, 8, 2, 9]

    def right(slips: float) -> int:
        chains = (added(digits, Habits(slips, 0), Random(seed)) for seed in range(400))
        return sum(chain.answer == "7" for chain in chains)

    assert 400 == right(0) > right(0.1) + 20 > right(0.3) + 40


def test_a_first_stage_leads_to_a_question_of_the_second() -> None:
    for stage in stages(0, 20):
        drawn = [int(digit) for digit in stage["question"] if digit.isdigit()]
        assert stage["extracted"] == tagged(drawn)
        assert stage["answer"] == str(sum(drawn) % 10)
        assert EXTRACT.format(stage["question"]) != ADD.format(stage["extracted"])


@pytest.mark.parametrize("task", ["sum", "stages"])
def test_a_seed_draws_the_same_questions_from_the_command_line(task: str) -> None:
    script = Path(__file__).with_name("questions.py")
    words = [sys.executable, str(script), "--task", task, "--seed", "5", "--count", "7"]
    result = subprocess.run(words, check=True, capture_output=True).stdout
    written = [msgspec.json.decode(line, type=dict[str, str]) for line in result.splitlines()]
    draws = {"sum": sums, "stages": stages}[task]
    assert written == draws(5, 7) != draws(6, 7)

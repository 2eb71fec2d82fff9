"""What an output of a pipeline is worth, and how samples become one output."""

import pytest

from harness.allocation.scoring import extract_output, join_outputs, score_output, vote_output
from store.answers.equivalence import Exact, open_equivalence
from store.pipelines.schema import Metric


@pytest.mark.parametrize(
    ("metric", "output", "gold", "worth"),
    [
        (Metric.EXACT, "Blue  whale", "blue whale", 1.0),
        (Metric.EXACT, "0.5", "1/2", 0.0),
        (Metric.CONTAINS, "It is a blue whale.", "blue whale", 1.0),
        (Metric.NUMBER, "so 1,250.0", "1250", 1.0),
        (Metric.NUMBER, "4" * 5_000, "4" * 4_999 + "5", 0.0),
        (Metric.NUMBER, "none", "3", 0.0),
        (Metric.F1, "the blue whale", "a blue shark", 0.5),
    ],
)
async def test_an_output_is_scored_by_the_pipelines_metric(
    metric: Metric, output: str, gold: str, worth: float
) -> None:
    assert await score_output(metric, output, gold, Exact()) == worth


async def test_outputs_of_one_value_score_and_vote_as_one_under_the_metric_math() -> None:
    with open_equivalence("math-verify") as equivalence:
        assert await score_output(Metric.MATH, r"\frac{2}{4}", "0.5", equivalence) == 1.0
        assert await score_output(Metric.MATH, "4 2", "42", equivalence) == 0.0
        outputs = ["7", "0.5", r"\frac12", "7.5", "1/2", "7"]
        assert vote_output(outputs) == "7"
        assert vote_output(await join_outputs(outputs, equivalence)) == "1/2"


def test_a_stage_extracts_as_recordings_do_or_by_a_pattern() -> None:
    assert extract_output("boxed", r"so \boxed{12}. I boxed it: \boxed{}") == "12"
    assert extract_output("choice", "The answer is (C).") == "C"
    assert extract_output("last-number", "1 of 2,000") == "2000"
    assert extract_output(r"#### (\d+)", "#### 3") == "3"
    assert extract_output("", " all of it ") == "all of it"
    assert extract_output("boxed", "nothing") == ""

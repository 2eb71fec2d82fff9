"""An allocation is compared with a pipeline: its stages, its models, its cost at every β."""

import pytest

from dsl.allocation import analyse_allocation
from dsl.allocation.checker import ResolvedStage
from dsl.allocation.pipeline_fit import PipelineShape, find_misfits
from dsl.codes import explanations
from dsl.diagnostics import render_all
from dsl.source import Source

BETAS = [index / 10 for index in range(11)]
COSTS = {"3B": 1.0, "70B": 100.0}


def cost(given: ResolvedStage) -> float:
    return COSTS[given.model] * given.samples


SHAPE = PipelineShape(
    name="digits",
    models={"retrieve": ["3B", "70B"], "answer": ["3B"]},
    governable={"retrieve": ["70B"]},
    cost=cost,
)


def told(text: str) -> str:
    source = Source(text, "lean.rheo")
    checked = analyse_allocation(source).checked
    assert checked is not None
    return render_all(source, find_misfits(checked, SHAPE, BETAS))


def lean(retrieve: str, answer: str = 'model = "3B" samples = 2', budget: str = "400") -> str:
    return (
        f"allocation lean {{\n  budget {budget}\n  stage retrieve {{ {retrieve} }}\n"
        f"  stage answer {{ {answer} }}\n}}\n"
    )


def test_fitting_allocation_gives_no_message() -> None:
    assert told(lean('model = "70B" samples = 1 + round(2 * beta)')) == ""
    assert told(lean('model = "70B" controller = cmc', budget="2")) == ""


def test_misspelt_stage_gets_a_suggestion() -> None:
    text = lean('model = "3B" samples = 1').replace("retrieve", "retreive")
    assert told(text) == (
        "error[RH806]: digits has no stage `retreive`\n"
        " --> lean.rheo:3:9\n"
        "  |\n"
        '3 |   stage retreive { model = "3B" samples = 1 }\n'
        "  |         ^^^^^^^^\n"
        "  = help: did you mean `retrieve`?"
    )


def test_missing_stage_is_reported_at_the_name() -> None:
    text = 'allocation lean {\n  budget 4\n  stage answer { model = "3B" samples = 1 }\n}\n'
    assert told(text) == (
        "error[RH806]: `lean` does not list the stage `retrieve` of digits\n"
        " --> lean.rheo:1:12\n"
        "  |\n"
        "1 | allocation lean {\n"
        "  |            ^^^^\n"
        '  = help: add `stage retrieve { model = "3B" samples = 1 }`'
    )


def test_a_model_is_marked_where_it_is_written_inside_of_a_choice() -> None:
    text = lean('model = if beta > 0.5 then "70b" else "3B" samples = 1')
    assert told(text) == (
        'error[RH806]: stage `retrieve` of digits may not use a model "70b"\n'
        " --> lean.rheo:3:47\n"
        "  |\n"
        '3 |   stage retrieve { model = if beta > 0.5 then "70b" else "3B" samples = 1 }\n'
        "  |                                               ^^^^^\n"
        '  = help: did you mean "70B"?'
    )


def test_cost_over_budget_is_reported_at_the_first_beta() -> None:
    text = lean('model = "70B" samples = 1 + round(8 * beta)')
    assert told(text) == (
        "error[RH806]: at beta = 0.4 `lean` costs 402 on digits, but its budget is 400\n"
        " --> lean.rheo:2:10\n"
        "  |\n"
        "2 |   budget 400\n"
        "  |          ^^^ 400\n"
        '3 |   stage retrieve { model = "70B" samples = 1 + round(8 * beta) }\n'
        "  |         -------- costs 400\n"
        "  = help: raise the budget, or give a stage fewer samples or a smaller model"
    )


@pytest.mark.parametrize("stage", ["retrieve", "answer"])
def test_controller_requires_a_recording(stage: str) -> None:
    governed = 'model = "3B" controller = cmc'
    plain = 'model = "3B" samples = 1'
    text = lean(governed, plain) if stage == "retrieve" else lean(plain, governed)
    assert f"has no recording of the stage `{stage}` with 3B, so it cannot" in told(text)


def test_the_example_of_the_explanation_shows_its_code() -> None:
    explained = explanations()["RH806"]
    assert explained.wrong is not None
    assert explained.right is not None
    assert "error[RH806]" in told(explained.wrong)
    assert told(explained.right) == ""

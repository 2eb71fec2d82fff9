"""Paths through the knobs of a template, and the schedules that they are written as."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from agents.evolution.starting_programs import load_library_programs, load_seeds
from agents.template_search.knob_paths import (
    list_settings,
    locate,
    make_monotone,
    write_program,
)
from agents.template_search.path_search import PathState, bend_path
from agents.template_search.program_templates import (
    ProgramTemplate,
    convert_program,
    draw_points,
    load_program_templates,
    parse_program_template,
)
from dsl.program import load_checked_program
from dsl.schedule import evaluate
from dsl.source import Source

BETAS = (0.0, 0.25, 0.5, 0.75, 1.0)
TEMPLATES = {template.name: template for template in load_program_templates()}
PROGRAMS = [*load_seeds(), *load_library_programs()]


def paths(template: ProgramTemplate) -> st.SearchStrategy[np.ndarray]:
    shapes = st.sampled_from([(2, len(template.knobs)), (3, len(template.knobs))])
    points = shapes.flatmap(lambda shape: hnp.arrays(float, shape, elements=st.floats(0, 1)))
    return points.map(make_monotone)


@pytest.mark.parametrize("name", TEMPLATES)
@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_a_written_schedule_has_the_values_of_its_path(name: str, data: st.DataObject) -> None:
    template = TEMPLATES[name]
    path = data.draw(paths(template))
    # The checker proves the direction of every line, or this raises.
    checked = load_checked_program(Source(write_program(template, path)))
    for beta, expected in zip(BETAS, list_settings(template, path, BETAS), strict=True):
        result = evaluate(checked, beta)
        for knob in template.knobs:
            value = expected[knob.name]
            # The ends of an integer are rounded, which moves what is between them.
            slack = 1 + 0.3 * value if knob.integer else 0.02 * (knob.high - knob.low + value)
            assert result[knob.name] == pytest.approx(value, abs=slack)


def test_a_program_with_free_knobs_beside_its_schedule_is_not_converted() -> None:
    text = (
        "controller c { knobs { m = 2 in 1..4 } schedule { rising n = round(1 + 7 * beta) }"
        " start { sample n + m } finally { answer winner(finished) else none } }"
    )
    assert load_checked_program(Source(text)).scheduled
    assert convert_program("c", text) is None


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_is_described_and_has_ranges(name: str) -> None:
    template = TEMPLATES[name]
    assert all(knob.low < knob.high for knob in template.knobs)


def test_bending_a_path_leaves_its_settings_unchanged() -> None:
    template = next(iter(TEMPLATES.values()))
    path = np.random.default_rng(0).random((2, len(template.knobs)))
    state = PathState(template=template.name, source=template.source, path=path.tolist())
    assert np.allclose(locate(bend_path(state).points, BETAS), locate(path, BETAS))


def test_a_middle_point_outside_of_the_ends_moves_between_them() -> None:
    path = make_monotone(np.array([[0.2, 0.9], [0.1, 1.4], [0.8, 0.3]]))
    assert path.tolist() == [[0.2, 0.9], [0.2, 0.9], [0.8, 0.3]]


def test_knobs_that_hardly_move_are_fixed() -> None:
    path = make_monotone(np.array([[0.2, 0.4], [0.9, 0.5], [0.8, 0.46]]))
    assert path == pytest.approx(np.array([[0.2, 0.43], [0.8, 0.43], [0.8, 0.43]]))


def test_no_template_of_the_package_gives_up_at_beta_one() -> None:
    for template in load_program_templates():
        path = make_monotone(np.full((2, len(template.knobs)), 0.5), template.low_at_one)
        assert template.setting(path[0])["scatter"] == 0.5
        assert template.setting(path[1])["scatter"] == 0.0
        own = parse_program_template("mine", template.source + "\n# Changed.\n")
        assert not own.low_at_one.any()


def test_drawn_points_take_every_level_of_every_knob_once() -> None:
    template = next(iter(TEMPLATES.values()))
    points = draw_points(10, template.knobs, np.random.default_rng(0))
    for column in points.T:
        assert sorted(np.floor(column * 10).astype(int)) == list(range(10))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_program_converted_to_a_template_keeps_its_ends(program: object) -> None:
    converted = convert_program(program.name, program.source)  # type: ignore[attr-defined]
    assert converted is not None
    template, path = converted
    original = load_checked_program(Source(program.source))  # type: ignore[attr-defined]
    written = load_checked_program(Source(write_program(template, path)))
    for beta in (0.0, 1.0):
        before, after = evaluate(original, beta), evaluate(written, beta)
        assert after == pytest.approx(before, rel=0.01)


def test_a_template_needs_free_knobs() -> None:
    with pytest.raises(ValueError, match="needs free knobs"):
        parse_program_template("plain", "controller plain { finally { answer none } }")

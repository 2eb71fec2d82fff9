"""The option ``--baseline``."""

from pathlib import Path

import pytest

from agents.search.programs import DEFAULT_BASELINES
from agents.setup.program_options import check_baselines_unchanged, parse_baselines
from harness.errors import InputError
from tests.agents.loop.programs import CONTRARY, GOOD


def test_default_baselines_are_the_handmade_controllers() -> None:
    assert parse_baselines([]) == DEFAULT_BASELINES
    assert parse_baselines(["esc"]) == [
        baseline for baseline in DEFAULT_BASELINES if baseline.controller == "esc"
    ]


def test_knob_values_give_every_combination() -> None:
    (baseline,) = parse_baselines(["esc:n=8,16:size=2:4:2"])
    assert baseline.controller == "esc"
    assert baseline.settings == [
        {"n": 8, "size": 2}, {"n": 8, "size": 4}, {"n": 16, "size": 2}, {"n": 16, "size": 4},
    ]  # fmt: skip


def test_controller_with_a_schedule_needs_no_values() -> None:
    (baseline,) = parse_baselines(["cmc"])
    assert (baseline.controller, baseline.settings, baseline.digest) == ("cmc", [], "")


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["scc"], "did you mean sc"),
        (["sc:n=0"], "--baseline sc:n=0: "),
        (["sc:m=1"], "--baseline sc:m=1: sc has no free knob m; choose from n"),
        (["sc:n=1,x"], "--baseline sc:n=1,x: x is not a number"),
        (["sc:n=1", "sc:n=2"], "--baseline sc:n=2: sc is given twice"),
    ],
)
def test_unusable_baseline_gives_one_sentence(texts: list[str], sentence: str) -> None:
    with pytest.raises(InputError) as problem:
        parse_baselines(texts)
    assert sentence in problem.value.problem


def test_file_with_free_knobs_requires_values(tmp_path: Path) -> None:
    file = tmp_path / "contrary.rheo"
    file.write_text(CONTRARY)
    with pytest.raises(InputError, match=r"has free knobs; .*contrary.rheo:n=1,2,4"):
        parse_baselines([str(file)])
    (baseline,) = parse_baselines([f"{file}:n=1,4"])
    assert baseline.controller == str(file)
    assert baseline.settings == [{"n": 1}, {"n": 4}]


def test_changed_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.rheo"
    file.write_text(GOOD)
    baseline = parse_baselines([str(file)])
    check_baselines_unchanged(baseline)
    file.write_text(GOOD + "\n# another\n")
    with pytest.raises(InputError, match="has changed since the run started"):
        check_baselines_unchanged(baseline)

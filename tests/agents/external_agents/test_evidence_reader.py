"""The agent that sets knobs from base rates reads the briefs that rounds write."""

from pathlib import Path

import pytest

from dsl.program import analyse_program
from dsl.source import Source
from tests.agents.external_agents.agents.evidence_reader import (
    DEFAULTS,
    choose_knobs,
    write_program,
)

BRIEFS = Path(__file__).parents[1] / "feedback" / "golden"


def test_a_brief_without_base_rates_leaves_the_defaults() -> None:
    assert choose_knobs("# Brief of round 1\n\nThe best baseline is `esc`.\n") == DEFAULTS


def test_every_rule_finds_its_line_in_a_brief() -> None:
    brief = (BRIEFS / "later-round.md").read_text()
    assert choose_knobs(brief) == {
        "level": 0.7,  # 2:0 is right in 100 | 100 %
        "steepness": 2.0,  # +11.1 | -5.6 and +0.0 | -5.6
        "support": 0.3,  # too rare to be shown
        "patience": 15,  # 0 | 22 is more than a quarter of 38 | 39 %
        "scatter": pytest.approx(0.34),  # 38 | 47 % of the votes
    }


@pytest.mark.parametrize("knobs", [DEFAULTS, {**DEFAULTS, "patience": 4, "scatter": 0.34}])
def test_its_program_checks_and_follows_beta(knobs: dict[str, float]) -> None:
    analysis = analyse_program(Source(write_program(knobs)))
    assert analysis.diagnostics == []
    assert analysis.checked is not None
    assert analysis.checked.scheduled

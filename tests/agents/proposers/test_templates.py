"""The proposer `templates` on small recordings: its rounds, its allowance, its state."""

import msgspec
import pytest

from agents.proposers.templates import TemplatesProposer, _TemplateState
from dsl.program import load_checked_program
from dsl.source import Source
from tests.agents.conftest import Opened
from tests.agents.proposers.test_evolve import bench, brief, sources

PROPOSER = TemplatesProposer()
RACES = 400
"""Programs that suffice for the races of all templates on these recordings."""


def test_its_programs_check_and_follow_beta(opened: Opened) -> None:
    with opened(count=2) as here:
        batch = PROPOSER.propose(brief(), bench(here, allowance=RACES))
    assert batch.proposals
    for source in sources(batch):
        assert load_checked_program(Source(source)).scheduled


def test_a_later_round_continues_the_best_path(opened: Opened) -> None:
    with opened(count=2) as here:
        first = PROPOSER.propose(brief(), bench(here, allowance=RACES))
        assert first.state is not None
        second = PROPOSER.propose(brief(2), bench(here, 2, allowance=120, state=first.state))
    before, after = (
        msgspec.msgpack.decode(each.state or b"", type=_TemplateState) for each in (first, second)
    )
    assert after.rounds == 2
    assert sum(each.generations for each in after.paths) > sum(
        each.generations for each in before.paths
    )
    assert set(before.proposed) < set(after.proposed) or not second.proposals


def test_no_more_is_played_than_the_allowance(opened: Opened) -> None:
    with opened(count=2) as here:
        table = bench(here, allowance=30)
        PROPOSER.propose(brief(), table)
    assert table.allowance >= 0
    assert len(table.played) <= 30


def test_equal_rounds_give_equal_proposals(opened: Opened) -> None:
    with opened(count=2) as here:
        one, other = (PROPOSER.propose(brief(), bench(here, allowance=200)) for _ in range(2))
    assert one == other


def test_a_round_without_time_proposes_nothing(opened: Opened) -> None:
    with opened(count=2) as here:
        assert not PROPOSER.propose(brief(), bench(here, late=True)).proposals


def test_templates_are_skipped_when_knobs_stay_free(opened: Opened) -> None:
    with opened(count=2, free_knobs=True) as here:
        batch = PROPOSER.propose(brief(), bench(here))
    assert not batch.proposals
    assert "skipped" in batch.search


@pytest.mark.parametrize("name", ["early_votes", "cmc"])
def test_it_starts_from_the_library_too(opened: Opened, name: str) -> None:
    from agents.commands.program_options import load_starting_programs

    programs = load_starting_programs([name])
    with opened(count=2, starting_programs=programs) as here:
        batch = PROPOSER.propose(brief(), bench(here, allowance=60))
    paths = batch.search["paths"]
    assert name in [each["template"] for each in paths]


def test_a_template_of_the_user_is_raced_beside_the_others(opened: Opened) -> None:
    from agents.commands.program_options import load_starting_programs

    programs = load_starting_programs(["sc", "handmade"])
    with opened(count=2, starting_programs=programs) as here:
        batch = PROPOSER.propose(brief(), bench(here, allowance=RACES))
    assert batch.state is not None
    paths = msgspec.msgpack.decode(batch.state, type=_TemplateState).paths
    assert {each.template for each in paths if each.raced} >= {"sc", "finishers", "batches"}

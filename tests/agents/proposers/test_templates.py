"""The proposer `templates` on small recordings: its rounds, its allowance, its state."""

import msgspec
import pytest

from agents.proposers.templates import BEND_AFTER, TemplatesProposer, _drop_bent_paths
from agents.proposers.templates import _TemplateState as State
from agents.run.records import StartingProgram
from agents.search.programs import compute_source_digest
from agents.setup.program_options import load_starting_programs
from agents.template_search.knob_paths import write_program
from agents.template_search.path_search import PathState
from agents.template_search.program_templates import parse_program_template
from dsl.program import load_checked_program
from dsl.source import Source
from tests.agents.conftest import Opened
from tests.agents.proposers.test_evolve import bench, brief, sources

PROPOSER = TemplatesProposer()
RACES = 300
"""Programs that suffice for the race of a template on these recordings."""


def propose(opened: Opened, allowances: list[int], starting: list[StartingProgram]) -> list[State]:
    """Propose in one round after another; return the state after each."""
    states: list[State] = []
    with opened(count=2, starting_programs=starting) as here:
        left: bytes | None = None
        for number, allowance in enumerate(allowances, start=1):
            batch = PROPOSER.propose(
                brief(number), bench(here, number, allowance=allowance, state=left)
            )
            assert batch.state is not None
            left = batch.state
            states.append(msgspec.msgpack.decode(left, type=State))
    return states


def test_its_programs_check_and_follow_beta(opened: Opened) -> None:
    with opened(count=2) as here:
        batch = PROPOSER.propose(brief(), bench(here, allowance=RACES))
    assert batch.proposals
    for source in sources(batch):
        assert load_checked_program(Source(source)).scheduled


def test_the_first_rounds_race_a_template_each_and_later_ones_refine_a_path(
    opened: Opened,
) -> None:
    first, second, third = propose(opened, [RACES, RACES, 120], load_starting_programs(["sc"]))
    assert [first.raced, second.raced] == [["sc"], ["sc", "finishers"]]
    assert {path.template for path in second.paths} == {"sc", "finishers"}
    assert third.raced == ["sc", "finishers", "waves"]


def test_a_later_round_continues_a_path(opened: Opened) -> None:
    before, after = propose(opened, [RACES, RACES, 120], load_starting_programs(["cmc"]))[1:]
    assert after.rounds == 3
    assert sum(path.generations for path in after.paths) > sum(
        path.generations for path in before.paths
    )
    assert set(before.proposed) < set(after.proposed)


def test_the_average_of_a_path_over_rounds_is_proposed(opened: Opened) -> None:
    last = propose(opened, [RACES, RACES, 120, 120, 120], load_starting_programs(["cmc"]))[-1]
    averaged = [path for path in last.paths if path.average is not None]
    assert averaged
    for path in averaged:
        template = parse_program_template(path.template, path.source)
        assert path.average is not None
        assert compute_source_digest(write_program(template, path.average)) in last.proposed


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


def test_a_round_with_time_does_what_the_one_before_had_no_time_for(opened: Opened) -> None:
    with opened(count=2) as here:
        late = PROPOSER.propose(brief(), bench(here, allowance=40, late=True))
        after = PROPOSER.propose(brief(2), bench(here, 2, allowance=40, state=late.state))
        first = PROPOSER.propose(brief(2), bench(here, 2, allowance=40))
    assert after == first
    assert first.search["paths"]


def test_templates_are_skipped_when_knobs_stay_free(opened: Opened) -> None:
    with opened(count=2, free_knobs=True) as here:
        batch = PROPOSER.propose(brief(), bench(here))
    assert not batch.proposals
    assert "skipped" in batch.search


@pytest.mark.parametrize("name", ["early_votes", "cmc"])
def test_it_starts_from_the_library_too(opened: Opened, name: str) -> None:
    with opened(count=2, starting_programs=load_starting_programs([name])) as here:
        batch = PROPOSER.propose(brief(), bench(here, allowance=60))
    paths = batch.search["paths"]
    assert name in [path["template"] for path in paths]


def test_a_path_that_was_bent_is_not_bent_again() -> None:
    straight, young, other = (
        PathState(template=name, source="", path=[[0.1], [0.9]], generations=generations)
        for name, generations in (("a", BEND_AFTER), ("a", 1), ("b", BEND_AFTER))
    )
    bent = PathState(template="a", source="", path=[[0.1], [0.5], [0.9]])
    assert _drop_bent_paths([straight, other]) == [straight, other]
    assert _drop_bent_paths([straight, bent, young, other]) == [bent, young, other]

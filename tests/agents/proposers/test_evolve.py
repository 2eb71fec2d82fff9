"""Evolution and its baseline as proposers: what they may play, what they give, what they leave."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from agents.evolution.starting_programs import load_seeds
from agents.feedback.brief import Brief, KnownProgram
from agents.loop.bench import RoundBench
from agents.proposers import ProposalBatch, Proposer
from agents.proposers.evolve import EvolveProposer
from agents.proposers.random import RandomProposer
from agents.proposers.registry import PROPOSER_NAMES, check_proposer_names, require_commands
from agents.search.arena import Arena
from dsl import library
from dsl.program import analyse_program
from dsl.source import Source
from harness.errors import InputError
from tests.agents.conftest import Opened

CMC = library.load_source("cmc").text


def brief(number: int = 1, known: Sequence[KnownProgram] = ()) -> Brief:
    return Brief(round=number, text="", tokens=0, known=list(known))


def bench(
    here: Arena,
    number: int = 1,
    *,
    allowance: int = 40,
    state: bytes | None = None,
    known: set[str] | None = None,
    late: bool = False,
) -> RoundBench:
    return RoundBench(
        here, number, "1-evolve", state=state, played_before=known if known is not None else set(),
        allowance=allowance, is_out_of_time=lambda: late, check_interrupt=lambda: None,
        report=lambda says, **data: None,
    )  # fmt: skip


def sources(given: ProposalBatch) -> list[str]:
    return [each.source for each in given.proposals]


@pytest.mark.parametrize(
    "proposer",
    [EvolveProposer(), pytest.param(RandomProposer(), marks=pytest.mark.slow)],
    ids=lambda p: p.name,
)
def test_what_is_proposed_checks_follows_beta_and_differs(
    opened: Opened, proposer: Proposer
) -> None:
    with opened(count=2) as here:
        table = bench(here)
        given = proposer.propose(brief(), table)
    assert 1 <= len(given.proposals) <= here.request.per_round
    assert len(set(sources(given))) == len(given.proposals)
    for source in sources(given):
        analysis = analyse_program(Source(source))
        assert analysis.diagnostics == []
        assert analysis.checked is not None
        assert analysis.checked.scheduled
    assert table.allowance == 0
    assert len(table.played) == 40


@pytest.mark.parametrize(
    "proposer",
    [EvolveProposer(), pytest.param(RandomProposer(), marks=pytest.mark.slow)],
    ids=lambda p: p.name,
)
@pytest.mark.slow
def test_equal_seeds_give_equal_programs(opened: Opened, proposer: Proposer) -> None:
    with opened(count=2) as here:
        one, other = (proposer.propose(brief(), bench(here)) for _ in range(2))
        third = proposer.propose(brief(2), bench(here, 2))
    assert one == other
    assert sources(third) != sources(one)


@pytest.mark.slow
def test_the_next_round_goes_on_where_the_last_one_stopped(opened: Opened) -> None:
    with opened(count=2) as here:
        known: set[str] = set()
        first = EvolveProposer().propose(brief(), bench(here, known=known))
        table = bench(here, 2, state=first.state, known=known)
        second = EvolveProposer().propose(brief(2), table)
    assert first.state is not None
    assert not set(sources(first)) & set(sources(second))
    descents = {each.parents[0] for each in second.proposals}
    assert descents <= {each.name for each in load_seeds()}


@pytest.mark.slow
def test_a_candidate_of_the_archive_is_built_upon(opened: Opened) -> None:
    found = KnownProgram(name="r001-9", source=CMC, objective=99.0)
    with opened(count=1) as here:
        given = EvolveProposer().propose(brief(2, [found]), bench(here, 2, allowance=60))
        assert given.state is not None
        assert CMC not in sources(given)  # it is there already
        assert b"Confidence Momentum" in given.state


def test_a_baseline_that_a_brief_names_is_not_built_upon(opened: Opened) -> None:
    found = KnownProgram(name="cmc", source=CMC, objective=None)
    with opened(count=1) as here:
        given = EvolveProposer().propose(brief(1, [found]), bench(here, allowance=30))
    assert given.state is not None
    assert b"Confidence Momentum" not in given.state


def test_the_published_controller_is_not_among_the_seeds() -> None:
    assert [each.name for each in load_seeds()] == [
        "abreast", "asc", "esc", "parallel_probe", "sc", "settling", "short", "widening",
    ]  # fmt: skip
    assert all("ema" not in each.source for each in load_seeds())


def test_a_proposer_that_is_out_of_time_still_gives_what_it_has(opened: Opened) -> None:
    with opened(count=1) as here:
        table = bench(here, allowance=500, late=True)
        given = EvolveProposer().propose(brief(), table)
    assert given.proposals
    assert len(table.played) == len(load_seeds())


@pytest.mark.slow
def test_with_free_knobs_no_program_has_a_schedule(opened: Opened) -> None:
    with opened(count=1, free_knobs=True) as here:
        for proposer in (EvolveProposer(), RandomProposer()):
            for source in sources(proposer.propose(brief(), bench(here, allowance=30))):
                checked = analyse_program(Source(source)).checked
                assert checked is not None
                assert not checked.scheduled


@pytest.mark.slow
def test_the_search_tells_what_became_of_its_variants(opened: Opened) -> None:
    with opened(count=1) as here:
        search = EvolveProposer().propose(brief(), bench(here, allowance=80)).search
    assert search["tried"] == sum(each["tried"] for each in search["operators"].values())
    assert len(search["islands"]) == 4
    assert all(each["programs"] > 0 for each in search["islands"])
    assert search["archive"] > 1


def test_programs_beyond_the_allowance_are_not_played(opened: Opened) -> None:
    with opened(count=1) as here:
        table = bench(here, allowance=2)
        texts = [each.source for each in load_seeds()[:3]]
        worths = table.play(texts)
        assert [worth is None for worth in worths] == [False, False, True]
        assert table.play(texts[:1]) == worths[:1]  # what was played is free
        assert table.play(["no program"]) == [None]


def test_names_are_known_or_told_apart() -> None:
    check_proposer_names([*PROPOSER_NAMES, "chat:openai:any/model:latest", "command:sh -c true"])
    with pytest.raises(InputError, match="did you mean evolve"):
        check_proposer_names(["evolv"])
    with pytest.raises(InputError, match="write chat:PROVIDER:MODEL"):
        check_proposer_names(["chat:some-model"])
    with pytest.raises(InputError, match="no command"):
        check_proposer_names(["command:"])
    with pytest.raises(InputError, match="there is no command no-such-agent"):
        require_commands(["evolve", "command:no-such-agent --now"])
    with pytest.raises(InputError, match="no closing quotation"):
        check_proposer_names(["command:agent 'now"])


def test_a_folder_of_seeds_is_shipped() -> None:
    folder = Path(__file__).parents[3] / "agents" / "evolution" / "seeds"
    assert {each.stem for each in folder.glob("*.rheo")} == {each.name for each in load_seeds()}

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
    arena: Arena,
    number: int = 1,
    *,
    allowance: int = 40,
    state: bytes | None = None,
    known: set[str] | None = None,
    late: bool = False,
) -> RoundBench:
    return RoundBench(
        arena, number, "1-evolve", state=state, played_before=known if known is not None else set(),
        allowance=allowance, is_out_of_time=lambda: late, check_interrupt=lambda: None,
        report=lambda says, **data: None,
    )  # fmt: skip


def sources(batch: ProposalBatch) -> list[str]:
    return [proposal.source for proposal in batch.proposals]


@pytest.mark.parametrize(
    "proposer",
    [EvolveProposer(), pytest.param(RandomProposer(), marks=pytest.mark.slow)],
    ids=lambda p: p.name,
)
def test_proposals_check_follow_beta_and_are_distinct(opened: Opened, proposer: Proposer) -> None:
    with opened(count=2) as arena:
        table = bench(arena)
        batch = proposer.propose(brief(), table)
    assert 1 <= len(batch.proposals) <= arena.request.per_round
    assert len(set(sources(batch))) == len(batch.proposals)
    for source in sources(batch):
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
    with opened(count=2) as arena:
        first, second = (proposer.propose(brief(), bench(arena)) for _ in range(2))
        third = proposer.propose(brief(2), bench(arena, 2))
    assert first == second
    assert sources(third) != sources(first)


@pytest.mark.slow
def test_next_round_continues_from_the_state(opened: Opened) -> None:
    with opened(count=2) as arena:
        known: set[str] = set()
        first = EvolveProposer().propose(brief(), bench(arena, known=known))
        table = bench(arena, 2, state=first.state, known=known)
        second = EvolveProposer().propose(brief(2), table)
    assert first.state is not None
    assert not set(sources(first)) & set(sources(second))
    descents = {proposal.parents[0] for proposal in second.proposals}
    assert descents <= {seed.name for seed in load_seeds()}


@pytest.mark.slow
def test_reviewed_candidate_enters_the_population(opened: Opened) -> None:
    known_program = KnownProgram(name="r001-9", source=CMC, objective=99.0)
    with opened(count=1) as arena:
        batch = EvolveProposer().propose(brief(2, [known_program]), bench(arena, 2, allowance=60))
        assert batch.state is not None
        assert CMC not in sources(batch)  # it is there already
        assert b"Confidence Momentum" in batch.state


def test_baseline_of_the_brief_does_not_enter_the_population(opened: Opened) -> None:
    known_program = KnownProgram(name="cmc", source=CMC, objective=None)
    with opened(count=1) as arena:
        batch = EvolveProposer().propose(brief(1, [known_program]), bench(arena, allowance=30))
    assert batch.state is not None
    assert b"Confidence Momentum" not in batch.state


def test_published_controller_is_not_a_seed() -> None:
    assert [seed.name for seed in load_seeds()] == [
        "abreast", "asc", "esc", "parallel_probe", "sc", "settling", "short", "widening",
    ]  # fmt: skip
    assert all("ema" not in seed.source for seed in load_seeds())


def test_proposer_out_of_time_returns_its_results(opened: Opened) -> None:
    with opened(count=1) as arena:
        table = bench(arena, allowance=500, late=True)
        batch = EvolveProposer().propose(brief(), table)
    assert batch.proposals
    assert len(table.played) == len(load_seeds())


@pytest.mark.slow
def test_with_free_knobs_no_program_has_a_schedule(opened: Opened) -> None:
    with opened(count=1, free_knobs=True) as arena:
        for proposer in (EvolveProposer(), RandomProposer()):
            for source in sources(proposer.propose(brief(), bench(arena, allowance=30))):
                checked = analyse_program(Source(source)).checked
                assert checked is not None
                assert not checked.scheduled


@pytest.mark.slow
def test_search_reports_the_outcomes_of_variants(opened: Opened) -> None:
    with opened(count=1) as arena:
        search = EvolveProposer().propose(brief(), bench(arena, allowance=80)).search
    assert search["tried"] == sum(operator["tried"] for operator in search["operators"].values())
    assert len(search["islands"]) == 4
    assert all(island["programs"] > 0 for island in search["islands"])
    assert search["archive"] > 1


def test_programs_beyond_the_allowance_are_not_played(opened: Opened) -> None:
    with opened(count=1) as arena:
        table = bench(arena, allowance=2)
        texts = [seed.source for seed in load_seeds()[:3]]
        worths = table.play(texts)
        assert [worth is None for worth in worths] == [False, False, True]
        assert table.play(texts[:1]) == worths[:1]  # what was played is free
        assert table.play(["no program"]) == [None]


def test_unknown_names_are_rejected_with_a_suggestion() -> None:
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


def test_seed_programs_are_packaged() -> None:
    folder = Path(__file__).parents[3] / "agents" / "evolution" / "seeds"
    assert {path.stem for path in folder.glob("*.rheo")} == {seed.name for seed in load_seeds()}

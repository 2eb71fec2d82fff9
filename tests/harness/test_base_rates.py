"""Base rates against a plain count over the same branch orders."""

from collections.abc import Sequence

import pytest

from harness.explanation.base_rates import (
    BaseRate,
    BaseRates,
    EvidenceContrast,
    count_base_rates,
)
from harness.explanation.episode_evidence import FIRST, MORE, PATIENCES, WIDTH
from harness.mdp.admission import NotProbed
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.replay import BranchPool, ReplayChain, permute_branches
from harness.pages.base_rates_page import RateUnit, format_base_rates

SEEDS = range(6)


def chain(length: int, final: str, early: str = "ERR") -> ReplayChain:
    """A branch that shows ``early`` for all but its last two intervals."""
    probes = [early] * max(0, length - 2) + [final] * min(2, length)
    return ReplayChain(probes, 500 * length + 1, final)


def environment(*questions: tuple[str, Sequence[ReplayChain]]) -> ReplayEnvironment:
    pools = [BranchPool(list(chains), 500, True) for _, chains in questions]
    return ReplayEnvironment(pools, [gold for gold, _ in questions], name="m/b")


def contrasts(found: ReplayEnvironment) -> dict[str, EvidenceContrast]:
    return {contrast.contrast: contrast for contrast in count_base_rates(found, SEEDS).contrasts}


def rates(found: ReplayEnvironment) -> dict[str, BaseRate]:
    return {rate.case: rate for rate in count_base_rates(found, SEEDS).rates}


MIXED = environment(
    ("7", [chain(3 + index % 5, "7" if index % 3 else "9", "7") for index in range(20)]),
    ("1", [chain(4 + index % 7, "2" if index % 2 else "ERR", "2") for index in range(20)]),
)


def test_finishers_are_ranked_by_length_and_then_by_opening() -> None:
    expected = []
    for gold, pool in zip(MIXED.gold, MIXED.branch_pools, strict=True):
        for seed in SEEDS:
            opened = [pool.chains[branch] for branch in permute_branches(20, seed)[:WIDTH]]
            shortest = min(len(recording.probes) for recording in opened)
            first = next(recording for recording in opened if len(recording.probes) == shortest)
            expected.append(first.final == gold)
    result = rates(MIXED)[f"finisher 1 of {WIDTH}"]
    assert result.count == len(expected)
    assert result.right == pytest.approx(100 * sum(expected) / len(expected), abs=0.01)


def test_more_is_the_majority_of_many_branches_in_the_same_episodes() -> None:
    right = environment(("7", [chain(3, "7")] * 12 + [chain(3, "9")] * 8))
    assert MORE > 20
    groups = {rate.group: rate.more for rate in count_base_rates(right, SEEDS).rates}
    assert groups["order of finishing"] == groups["leader of the finished"] == 100.0


def test_votes_count_answers_and_not_failures() -> None:
    failing = environment(("7", [chain(2, "ERR")] * 20))
    case = rates(failing)["2 finished, votes 0:0"]
    assert case.right == 0


def test_unfinished_branches_that_agree_are_counted_once_an_episode() -> None:
    early = environment(("7", [chain(9, "7", early="9")] * 20))
    case = rates(early)[f"{FIRST} of {FIRST} agree twice, none has finished"]
    assert case.count == len(SEEDS)
    assert case.right == 0
    assert case.more == 100


def test_questions_are_grouped_by_how_often_the_majority_is_right() -> None:
    both = environment(("7", [chain(3, "7")] * 20), ("7", [chain(6, "9")] * 20))
    kinds = {kind.kind: kind for kind in count_base_rates(both, SEEDS).kinds}
    assert (kinds["always"].questions, kinds["never"].questions) == (1, 1)
    assert kinds["sometimes"].questions == 0
    assert kinds["never"].share > kinds["always"].share
    assert sum(kind.share for kind in kinds.values()) == pytest.approx(100, abs=0.05)


def test_the_first_finisher_is_compared_with_a_branch_at_random() -> None:
    """Short branches are right and long ones are not, so the first finisher is always right."""
    pools = [("7", [chain(3, "7")] * 10 + [chain(9, "9")] * 10)] * 5
    row = contrasts(environment(*pools))["first of 16 to finish, not a random one"]
    assert (row.questions, row.right) == (5, 100)
    assert row.difference == pytest.approx(100 - row.other, abs=0.01)
    assert row.low == row.high == pytest.approx(row.difference, abs=0.01)


def test_the_interval_of_a_contrast_is_over_questions() -> None:
    good = ("7", [chain(3, "7")] * 10 + [chain(9, "9")] * 10)
    bad = ("9", [chain(3, "7")] * 10 + [chain(9, "9")] * 10)
    row = contrasts(environment(good, good, bad, bad))["first of 16 to finish, not a random one"]
    assert row.low < -30 < row.difference < 30 < row.high


def test_weights_decide_where_early_votes_are_few() -> None:
    """Twelve early votes against 36 late ones: only steep weights follow the early ones."""
    row = contrasts(environment(("7", [chain(3, "7")] * 12 + [chain(9, "9")] * 36)))
    assert row["48 votes, earlier ones count much more"].difference == 100
    assert row["48 votes, earlier ones count a little more"].difference == 0


def test_signs_are_compared_between_branches_of_one_question() -> None:
    """On each question those that hold their answer are as often right as the others."""
    steady = [chain(12, answer, early="5") for answer in "79" * 5]
    restless = [
        ReplayChain([f"{index}" for index in range(11)] + [answer], 6001, answer)
        for answer in "79" * 5
    ]
    easy = ("7", [chain(12, "7", early="5")] * 10 + restless[::2] * 2)
    row = contrasts(environment(("7", steady + restless), easy))
    held = row["answer held for 4 intervals: is right"]
    assert held.questions == 2
    assert abs(held.difference) < 20
    assert abs(row["few changes of answer: is right"].difference) < 20


def test_long_dissent_is_counted_once_a_branch_with_its_remaining_tokens() -> None:
    """Fifteen branches finish early with 7; the last one shows 9 until it ends."""
    dissenter = ReplayChain(["9"] * 30, 15_001, "9")
    result = environment(("7", [chain(4, "7")] * 15 + [dissenter]))
    by_case = rates(result)
    for patience in PATIENCES:
        case = by_case[f"{patience} intervals of dissent"]
        assert (case.count, case.right, case.more) == (len(SEEDS), 0, 100)
        left = 15_001 - (4 + patience - 1) * 500
        assert case.tokens == pytest.approx(100 * left / (15 * 2001 + 15_001), abs=0.01)


def test_a_dissenter_that_comes_round_starts_again() -> None:
    waverer = ReplayChain(["9"] * 6 + ["7"] + ["9"] * 3 + ["7"], 5501, "7")
    cases = rates(environment(("7", [chain(3, "7")] * 15 + [waverer])))
    assert cases["4 intervals of dissent"].count == len(SEEDS)
    assert "8 intervals of dissent" not in cases


def test_a_branch_that_dissents_again_is_counted_where_it_first_did() -> None:
    waverer = ReplayChain((["9"] * 6 + ["7"]) * 3 + ["7"], 11_001, "7")
    case = rates(environment(("7", [chain(3, "7")] * 15 + [waverer])))["4 intervals of dissent"]
    assert case.count == len(SEEDS)
    left = 11_001 - (3 + 4 - 1) * 500
    assert case.tokens == pytest.approx(100 * left / (15 * 1501 + 11_001), abs=0.01)


def test_means_over_questions_give_each_question_the_same_weight() -> None:
    """One question splits its first two votes always, the other under few orders."""
    split = (
        "7",
        [chain(3, "7" if index % 2 else "8") for index in range(10)] + [chain(9, "6")] * 10,
    )
    clear = ("7", [chain(3, "7")] * 17 + [chain(3, "9")] * 3)
    result = rates(environment(split, clear))
    case = result["2 finished, votes 1:1"]
    by_hand = [rates(environment(question))["2 finished, votes 1:1"] for question in (split, clear)]
    assert case.questions == 2
    assert case.count == sum(rate.count for rate in by_hand)
    assert case.right_by_question == pytest.approx(
        sum(rate.right for rate in by_hand) / 2, abs=0.01
    )
    assert case.low <= case.right <= case.high


def test_gains_of_votes_add_up_to_the_gain_of_more_branches() -> None:
    result = count_base_rates(MIXED, SEEDS).rates
    pairs = [rate for rate in result if rate.case.startswith("2 finished")]
    count = sum(rate.count for rate in pairs)
    gained = sum((rate.more - rate.right) * rate.count for rate in pairs) / count
    assert sum(rate.gain for rate in pairs) == pytest.approx(gained, abs=0.05)


def page(unit: RateUnit = RateUnit.EPISODE) -> str:
    counted = count_base_rates(MIXED, range(20))
    return format_base_rates([counted._replace(recording="model/bench")], 80, unit=unit)


def test_the_page_fits_a_terminal_and_two_screens() -> None:
    lines = page().splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 80
    assert lines[0] == "A  model/bench"
    assert any(line.startswith("first of 4 to finish") for line in lines)


def test_the_page_names_the_unit_of_its_rates() -> None:
    assert "over episodes" in page()
    assert "over questions, each counted equally" in page(RateUnit.QUESTION)


def test_a_recording_without_branches_has_no_rates() -> None:
    empty = count_base_rates(ReplayEnvironment([BranchPool([], 500)], ["7"], name="m/b"), SEEDS)
    assert empty == BaseRates("m/b", [], [], empty.kinds)
    assert all(kind.questions == 0 for kind in empty.kinds)


def test_recordings_without_probes_are_refused() -> None:
    pool = BranchPool([ReplayChain([], 900, "7")], 500, False)
    with pytest.raises(NotProbed):
        count_base_rates(ReplayEnvironment([pool], ["7"]), SEEDS)

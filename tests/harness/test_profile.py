"""What lines and hindsight add up to, over recordings and programs at random."""

import random
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dsl import library
from dsl.interpreter import Interpreter
from harness.engines import EpisodeRules
from harness.engines.interpreter import InterpreterEngine
from harness.explanation.line_profile import ALL, LineProfile, Profile, profile_controller
from harness.mdp.admission import NotProbed
from harness.mdp.environment import load_replay_environment
from harness.mdp.hindsight import Hindsight
from harness.mdp.playback import play_episode
from harness.mdp.replay import Replay
from harness.request.plan import RheoPlan, parse_rheo_plan
from harness.request.recordings import NamedRecording, open_recordings
from store.records import Branch
from tests.dsl.plain import majority
from tests.harness.small_recordings import EASY, HARD, branch, tiny
from tests.store.recordings import Content, contents, sample, write

NAMES = [name for name in library.NAMES if not library.load_entry(name).needs]
SEEDS = range(2)


def opened(directory: Path, *held: Content) -> list[NamedRecording]:
    paths = [directory / f"{number}.recording" for number in range(len(held))]
    for path, content in zip(paths, held, strict=True):
        path.unlink(missing_ok=True)
        write(path, content)
    return open_recordings(paths)


def profile(
    plan: RheoPlan, recordings: Sequence[NamedRecording], seeds: range = SEEDS
) -> list[Profile]:
    return profile_controller(plan, recordings, seeds, InterpreterEngine())


def total(lines: Sequence[LineProfile], name: str) -> int:
    return sum(int(getattr(line, name)) for line in lines)


RULES = st.builds(
    EpisodeRules, budget=st.none() | st.integers(0, 5000), probe_cost=st.sampled_from([0, 3])
)


@pytest.mark.parametrize("name", NAMES)
@given(held=contents(), rules=RULES, beta=st.sampled_from(["0", "0.4", "1"]))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_lines_add_up_to_the_ledgers_of_the_episodes(
    tmp_path: Path, name: str, held: Content, rules: EpisodeRules, beta: str
) -> None:
    plan = parse_rheo_plan(name, beta, [], rules)
    assume(held.provenance.probed or not plan.program.checked.needs.probes)
    recordings = opened(tmp_path, held)
    [result] = profile(plan, recordings)

    replay_environment = load_replay_environment(recordings[0].recording)
    controller = Interpreter(plan.program.checked)
    tokens = sequential = right = 0
    for question, branch_pool in enumerate(replay_environment.branch_pools):
        for seed in SEEDS:
            replay = Replay(
                branch_pool, seed=seed, question=question,
                budget=rules.budget, probe_cost=rules.probe_cost,
            )  # fmt: skip
            played = play_episode(controller, replay, plan.beta)
            tokens, sequential = tokens + played.tokens, sequential + played.sequential
            right += played.answer == replay_environment.gold[question]

    assert (result.tokens, result.sequential, result.right) == (tokens, sequential, right)
    assert result.episodes == len(held.questions) * len(SEEDS)
    assert total(result.lines, "tokens") == result.hindsight.tokens == tokens
    assert total(result.lines, "ended") + result.unanswered == result.episodes
    assert total(result.lines, "right") == right
    assert result.hindsight.episodes == result.episodes
    assert all(line.runs or not (line.tokens or line.ended) for line in result.lines)


@given(held=st.tuples(contents(), contents()), name=st.sampled_from(["sc", "asc", "esc"]))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_several_recordings_together_are_their_sum(
    tmp_path: Path, held: tuple[Content, Content], name: str
) -> None:
    assume(held[0] != held[1])
    recordings = opened(tmp_path, *held)
    *parts, whole = profile(parse_rheo_plan(name, "0.5", [], EpisodeRules()), recordings)
    assert [part.recording for part in parts] == [named.label for named in recordings]
    assert whole.recording == ALL
    for field in ("episodes", "right", "tokens", "sequential", "unanswered"):
        assert getattr(whole, field) == sum(getattr(part, field) for part in parts)
    for field in ("runs", "tokens", "ended", "right"):
        for place, line in enumerate(whole.lines):
            assert getattr(line, field) == sum(getattr(part.lines[place], field) for part in parts)
    for field in Hindsight.__struct_fields__:
        assert getattr(whole.hindsight, field) == sum(getattr(p.hindsight, field) for p in parts)
    assert whole.majority.questions == sum(part.majority.questions for part in parts)
    for side in ("lost", "won"):
        mixed = [duel for part in parts for duel in getattr(part.majority, side)]
        kept = getattr(whole.majority, side)
        assert sorted(kept, key=repr) == sorted(mixed, key=repr)
        leads = [abs(duel.right - duel.majority) for duel in kept]
        assert leads == sorted(leads, reverse=True)


def test_lost_and_won_are_counted_under_the_same_seeds(tmp_path: Path) -> None:
    tiny(tmp_path / "r.recording")
    recordings = open_recordings([tmp_path / "r.recording"])
    seeds = range(20)
    [result] = profile(parse_rheo_plan("sc", "0.5", ["n=1"], EpisodeRules()), recordings, seeds)
    finals = {"easy": [b.final for b in EASY], "hard": [b.final for b in HARD]}
    golds = {"easy": "7", "hard": "2"}
    expected = []
    for question, answers in finals.items():
        dealt = [shuffled(answers, seed) for seed in seeds]
        own = sum(answers[0] == golds[question] for answers in dealt)
        other = sum(majority(answers) == golds[question] for answers in dealt)
        expected.append((question, own, other))
    differing = [*result.majority.lost, *result.majority.won]
    assert sorted(
        (comparison.question, comparison.right, comparison.majority) for comparison in differing
    ) == [row for row in expected if row[1] != row[2]]
    assert [comparison.question for comparison in result.majority.lost] == ["easy", "hard"]


def shuffled(answers: list[str], seed: int) -> list[str]:
    dealt = list(answers)
    random.Random(seed).shuffle(dealt)
    return dealt


def test_a_question_that_equals_the_majority_is_neither_lost_nor_won(tmp_path: Path) -> None:
    tiny(tmp_path / "r.recording")
    [result] = profile(
        parse_rheo_plan("sc", "0.5", ["n=64"], EpisodeRules()),
        open_recordings([tmp_path / "r.recording"]),
    )
    assert (result.majority.lost, result.majority.won, result.majority.questions) == ([], [], 2)


def test_the_majority_is_over_64_branches_where_there_are_more(tmp_path: Path) -> None:
    # Of 70 branches the 35 right ones lead only under some deals of 64.
    many = [branch("7")] * 35 + [branch("9")] * 35
    tiny(tmp_path / "r.recording", ids=["q"], branches=[many], golds=["7"])
    recordings = open_recordings([tmp_path / "r.recording"])
    [result] = profile(parse_rheo_plan("sc", "0.5", ["n=1"], EpisodeRules()), recordings, range(30))
    finals = [chain.final for chain in many]
    other = sum(majority(shuffled(finals, seed)[:64]) == "7" for seed in range(30))
    assert 0 < other < 30
    assert {
        comparison.majority for comparison in (*result.majority.lost, *result.majority.won)
    } <= {other}


def test_shares_are_those_of_the_counts(tmp_path: Path) -> None:
    tiny(tmp_path / "r.recording")
    recordings = open_recordings([tmp_path / "r.recording"])
    [result] = profile(
        parse_rheo_plan("asc", "0.5", ["threshold=0.9"], EpisodeRules()), recordings, range(9)
    )
    for line in result.lines:
        assert line.tokens_share == pytest.approx(100 * line.tokens / result.tokens, abs=0.0051)
        if line.ended:
            assert line.right_share == pytest.approx(100 * line.right / line.ended, abs=0.0051)
        else:
            assert line.right_share is None
    assert sum(1 for line in result.lines if line.ended) == 2


def test_an_episode_whose_budget_ends_in_a_verb_ends_at_its_line(tmp_path: Path) -> None:
    tiny(tmp_path / "r.recording")
    text = "controller c { start { open 4  answer winner(alive) }\nfinally { answer none } }\n"
    (tmp_path / "c.rheo").write_text(text)
    plan = parse_rheo_plan(str(tmp_path / "c.rheo"), "0.5", [], EpisodeRules(budget=25))
    [result] = profile(plan, open_recordings([tmp_path / "r.recording"]))
    assert (result.unanswered, result.right, result.episodes) == (0, 0, 4)
    first = result.lines[0]
    assert (first.line, first.tokens, first.ended) == (1, 80, 4)


def test_a_recording_without_probes_is_refused(tmp_path: Path) -> None:
    whole = sample(questions=1)
    unprobed = Content(
        msgspec.structs.replace(whole.provenance, probed=False),
        whole.questions,
        [[Branch(answers=[], tokens=9, final="7")]],
    )
    with pytest.raises(NotProbed):
        profile(parse_rheo_plan("cmc", "0.5", [], EpisodeRules()), opened(tmp_path, unprobed))

"""Diagnostic episodes, hindsight and line figures, on tiny recordings."""

from collections.abc import Sequence
from pathlib import Path

from agents.feedback.diagnostic_episodes import DiagnosticKind, select_diagnostic_episodes
from agents.feedback.line_profile import annotate_source
from agents.feedback.point_analysis import (
    HINDSIGHT_EPISODES,
    AnalyzedRecording,
    EpisodeKey,
    PointAnalyzer,
)
from agents.feedback.vote_history import describe_votes
from dsl.program import load_checked_program
from dsl.source import Source
from harness.engines import EpisodeRules
from harness.mdp.environment import load_replay_environment
from harness.request.controllers import RheoController
from harness.request.plan import RheoPlan
from store.reader import open_recording
from store.records import Branch
from tests.harness.small_recordings import branch, tiny

# At first the majority answer is 9; at the end it is 7, which is right.
LATE = [branch("9", "9", "7"), branch("9", "9", "7"), branch("7", "7", "7"), branch("9", "9", "9")]
CLEAR = [branch(*["7"] * 6) for _ in range(4)]

HASTY = """\
controller hasty {
  start { open 4 }
  step { answer winner(alive) because "at once" }
  finally { answer winner(alive) }
}
"""
PATIENT = """\
controller patient {
  start { open 4 }
  step {
    if steps > 99 { stop }
    advance active
  }
  finally { answer winner(finished) }
}
"""
CUTTER = """\
controller cutter {
  start { open 4 }
  step {
    prune active where .answer != winner(alive)
    advance active
  }
  finally { answer winner(alive) }
}
"""


def plan(text: str, budget: int | None = None) -> RheoPlan:
    checked = load_checked_program(Source(text))
    return RheoPlan(
        RheoController(checked.name, checked, "", ""), None, {}, {}, EpisodeRules(budget)
    )


def make_analyzer(
    folder: Path, *parts: Sequence[list[Branch]], golds: Sequence[str] = ("7", "7")
) -> PointAnalyzer:
    """Build an analyzer over recordings of two questions each, all of them shown."""
    recordings = []
    for position, branches in enumerate(parts):
        path = folder / f"{position}.recording"
        tiny(path, ids=("early", "later"), branches=branches, golds=golds)
        recording = open_recording(path)
        replay_environment = load_replay_environment(recording)
        recordings.append(
            AnalyzedRecording(
                f"model-{position}", recording, replay_environment, replay_environment, (0, 1)
            )
        )
    return PointAnalyzer(recordings)


def test_question_lost_against_the_majority_is_described(
    tmp_path: Path,
) -> None:
    analyzer = make_analyzer(tmp_path, [LATE[:2] + LATE[2:3], CLEAR])
    analysis = analyzer.analyze(plan(HASTY))
    [episode] = [
        episode
        for episode in select_diagnostic_episodes(analyzer, analysis, analysis)
        if episode.kind is DiagnosticKind.LOST
    ]
    assert episode.key == EpisodeKey(0, 0, 0)
    assert episode.text.splitlines()[0] == (
        "model-0, question early, its only setting, seed 0: answers wrong after 30 tokens in 2"
        " barriers."
    )
    assert (
        "Votes at the end: wrong answer 1, which it gives (2 active); the right answer (1 active)."
    ) in episode.text
    assert (
        'It was ended by line 3 `step { answer winner(alive) because "at once" }`.' in episode.text
    )
    assert "3 of 3 branches were opened" in episode.text
    assert "it had at most 1 of 3 votes, at 30 tokens" in episode.text


def test_pruned_right_branches_are_described_with_their_line(
    tmp_path: Path,
) -> None:
    analyzer = make_analyzer(tmp_path, [LATE[:2] + LATE[2:3] * 2 + LATE[:1], CLEAR])
    analysis = analyzer.analyze(plan(CUTTER))
    lost = [
        episode
        for episode in select_diagnostic_episodes(analyzer, analysis, analysis)
        if episode.kind is DiagnosticKind.LOST
    ]
    # Under every seed, the first four branches have two of either answer, or three wrong ones.
    for episode in lost:
        assert "Branches pruned while they held the right answer:" in episode.text
        assert "by line 4 `prune active where .answer != winner(alive)`" in episode.text


def test_tokens_after_a_settled_leader_are_described_by_line(
    tmp_path: Path,
) -> None:
    analyzer = make_analyzer(tmp_path, [CLEAR, CLEAR])
    analysis = analyzer.analyze(plan(PATIENT))
    [episode] = select_diagnostic_episodes(analyzer, analysis, analysis)[:1]
    assert episode.kind is DiagnosticKind.BURNT
    assert episode.key == EpisodeKey(0, 0, 0)
    assert (
        "The final leader was settled at 40 tokens with 4 of 4 votes; 216 tokens (84 %) came after"
        " it, and it ended with 4 of 4."
    ) in episode.text
    assert "Spent on: 216 by line 5 `advance active`." in episode.text


def test_leader_below_half_of_the_votes_gives_no_burnt_episode(tmp_path: Path) -> None:
    split = [branch(*["1"] * 5), branch(*["1"] * 5), *(branch(*[x] * 5) for x in "2345")]
    analyzer = make_analyzer(tmp_path, [split, split], golds=("1", "1"))
    analysis = analyzer.analyze(plan(PATIENT.replace("open 4", "open 6")))
    assert analysis.hindsight.after_settled > 0
    assert select_diagnostic_episodes(analyzer, analysis, analysis) == []


def test_question_won_under_another_seed_is_not_lost(
    tmp_path: Path,
) -> None:
    even = [branch(answer) for answer in "7799"]
    contrary = HASTY.replace("winner(alive) because", "runner_up(alive) because")
    analyzer = make_analyzer(tmp_path, [even, even], golds=("7", "9"))
    analysis = analyzer.analyze(plan(contrary))
    right = analysis.episodes[0].right.sum(axis=1).tolist()
    # The first branch wins a tie, so one question is right where the other is wrong.
    assert sum(right) == 4
    lost = [
        episode.key.position
        for episode in select_diagnostic_episodes(analyzer, analysis, analysis)
        if episode.kind is DiagnosticKind.LOST
    ]
    assert lost == [position for position, count in enumerate(right) if count < 2]


def test_right_answer_is_listed_at_any_rank(tmp_path: Path) -> None:
    pool = [branch(answer) for answer in "11223344556"] + [branch("7"), branch("ERR")]
    analyzer = make_analyzer(tmp_path, [pool, pool])
    trace = analyzer.trace(plan(PATIENT.replace("open 4", "open 13")), EpisodeKey(0, 0, 0))
    description = describe_votes(trace)
    assert description.startswith(
        "wrong answer 1, which it gives (2 finished); wrong answer 2 (2 fin"
    )
    assert "the right answer (1 finished)" in description
    assert description.endswith("; and 3 more")
    assert not any(f'"{answer}"' in description for answer in "1234567")


def test_recordings_alternate_and_no_question_repeats(tmp_path: Path) -> None:
    wrong = LATE[:2] + LATE[2:3]
    analyzer = make_analyzer(tmp_path, [wrong, wrong], [wrong, wrong], [wrong, wrong])
    analysis = analyzer.analyze(plan(HASTY))
    lost = [
        episode
        for episode in select_diagnostic_episodes(analyzer, analysis, analysis)
        if episode.kind is DiagnosticKind.LOST
    ]
    assert [(episode.key.stage, episode.key.position) for episode in lost] == [(0, 0), (0, 1)]


def test_budget_is_named_if_it_ended_an_episode(tmp_path: Path) -> None:
    analyzer = make_analyzer(tmp_path, [[branch("9", "7", "7")] * 4, CLEAR])
    analysis = analyzer.analyze(plan(PATIENT.replace("(finished)", "(alive)"), budget=45))
    episode = select_diagnostic_episodes(analyzer, analysis, analysis)[0].text
    assert "The budget ended in line 5 `advance active`." in episode


# Lines


def test_lines_show_tokens_ends_and_that_they_never_ran(tmp_path: Path) -> None:
    analyzer = make_analyzer(tmp_path, [CLEAR, CLEAR])
    analysis = analyzer.analyze(plan(PATIENT))
    lines = annotate_source([analysis]).splitlines()
    assert [line.split("#")[0].rstrip() for line in lines] == PATIENT.splitlines()
    comments = {n: line.split("  # ")[1] for n, line in enumerate(lines, start=1) if "  # " in line}
    assert comments == {
        2: "tokens 15.6 %",
        5: "tokens 84.4 %",
        7: "ends 100.0 %, right 100.0 %",
    }
    load_checked_program(Source(annotate_source([analysis])))


def test_figures_of_two_points_are_side_by_side(tmp_path: Path) -> None:
    analyzer = make_analyzer(tmp_path, [CLEAR, CLEAR])
    patient, poor = analyzer.analyze(plan(PATIENT)), analyzer.analyze(plan(PATIENT, budget=40))
    lines = annotate_source([poor, patient]).splitlines()
    assert lines[1].endswith("# tokens 100.0 | 15.6 %")


def test_statement_that_never_ran_is_marked(tmp_path: Path) -> None:
    analyzer = make_analyzer(tmp_path, [CLEAR, CLEAR])
    text = PATIENT.replace("if steps > 99 { stop }", "if steps > 99 {\n      stop\n    }")
    lines = annotate_source([analyzer.analyze(plan(text))]).splitlines()
    assert [line.split("#")[0].strip() for line in lines if "never ran" in line] == ["stop"]


def test_hindsight_uses_fewer_episodes_for_long_programs(
    tmp_path: Path,
) -> None:
    analyzer = make_analyzer(tmp_path, *([[CLEAR, CLEAR]] * 8))
    assert len(analyzer.analyze(plan(PATIENT)).hindsight_samples) == 16
    assert len(analyzer._select_episodes(10**9)) == 8
    assert [episode.stage for episode in analyzer._select_episodes(10**9)] == list(range(8))
    assert HINDSIGHT_EPISODES >= 16

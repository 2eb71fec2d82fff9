"""The picture of an episode agrees with the episode."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import library
from harness.explanation.episode_trace import EpisodeTrace
from harness.request.controllers import load_program
from harness.request.recordings import open_recordings
from store.environment import save
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate
from tui.model.replay import RecordingPlayer
from tui.model.timeline import UNSEEN, EpisodeTimeline, build_timeline

CONTROLLERS = ("sc", "asc", "esc", "parallel_probe", "cmc", "prune_to_one")


@pytest.fixture(scope="module")
def players(tmp_path_factory: pytest.TempPathFactory) -> RecordingPlayer:
    path = tmp_path_factory.mktemp("picture") / "a.recording"
    reasoner = SimulatedReasoner("able", skill=0.6, verbosity=1.0, noise=0.1, drift=0.1)
    save(simulate(reasoner, Benchmark("small", questions=4, branches=16)), path)
    return RecordingPlayer(open_recordings([path]))


@given(st.sampled_from(CONTROLLERS), st.integers(0, 3), st.integers(0, 20), st.floats(0, 1))
def test_the_last_moment_equals_the_end_of_the_episode(
    players: RecordingPlayer, name: str, question: int, seed: int, beta: float
) -> None:
    result, drawn = drawn_episode(players, name, question, seed, beta)
    standing = drawn.standing(len(drawn.moments))
    ends = result.branches
    assert [row.branch for row in drawn.rows] == [end.branch for end in ends]
    assert standing.finished == sum(end.status.value == "finished" for end in ends)
    assert standing.pruned == sum(end.status.value == "pruned" for end in ends)
    votes = {vote.answer: vote.alive for vote in result.votes if vote.answer is not None}
    assert standing.voters == sum(votes.values())
    if standing.leader is not None:
        assert votes[drawn.answers[standing.leader]] == max(votes.values()) == standing.votes
    for row, end in zip(drawn.rows, ends, strict=True):
        assert len(row.intervals) == end.depth
    if drawn.gold is not None:
        assert drawn.answers[drawn.gold] == result.gold


@given(st.sampled_from(CONTROLLERS), st.integers(0, 3), st.integers(0, 5))
def test_nothing_is_shown_before_it_was_seen(
    players: RecordingPlayer, name: str, question: int, seed: int
) -> None:
    _, drawn = drawn_episode(players, name, question, seed, 0.5)
    assert drawn.standing(0) == (None, 0, 0, False, 0, 0, 0)
    for row in drawn.rows:
        since = [interval.since for interval in row.intervals]
        assert since == sorted(since)
        for interval in row.intervals:
            assert interval.since >= row.opened
            assert interval.answer == UNSEEN or interval.revealed >= interval.since
        for end in (row.finished, row.pruned):
            assert end == 0 or end >= row.opened


def test_every_library_controller_can_be_drawn(players: RecordingPlayer) -> None:
    for name in library.NAMES:
        if library.load_entry(name).needs:
            continue  # the simulated recording lacks signals
        _, drawn = drawn_episode(players, name, 0, 0, 0.5)
        assert drawn.rows


def drawn_episode(
    players: RecordingPlayer, name: str, question: int, seed: int, beta: float
) -> tuple[EpisodeTrace, EpisodeTimeline]:
    result = players.episode(load_program(name), 0, question, seed, beta)
    return result, build_timeline(result)

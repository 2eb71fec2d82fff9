"""The event log: one writer, many readers, complete lines only."""

import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.run.events import Event, EventFollower, EventLog, count_minutes, read_events

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_follower_yields_only_new_events(tmp_path: Path) -> None:
    log, follower = EventLog(tmp_path / "log", 1), EventFollower(tmp_path / "log")
    assert list(follower.read_new()) == []
    log.add("started", "a run")
    log.add("round", round=1, data={"evaluations": 7})
    first = list(follower.read_new())
    assert [event.kind for event in first] == ["started", "round"]
    assert (first[1].round, first[1].data) == (1, {"evaluations": 7})
    log.add("ended")
    assert [event.kind for event in follower.read_new()] == ["ended"]
    assert list(follower.read_new()) == []


def test_incomplete_line_is_read_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "log"
    EventLog(path, 1).add("started")
    line = path.read_bytes()
    path.write_bytes(line + line[:20])
    follower = EventFollower(path)
    assert len(list(follower.read_new())) == 1
    path.write_bytes(line + line)
    assert len(list(follower.read_new())) == 1


def test_torn_line_of_a_killed_session_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "log"
    EventLog(path, 1).add("started")
    with path.open("ab") as file:
        file.write(b'{"at":"2026-')
    EventLog(path, 2).add("resumed")
    assert [(event.kind, event.session) for event in read_events(path)] == [
        ("started", 1),
        ("resumed", 2),
    ]


def _write(path: Path, session: int, count: int) -> None:
    log = EventLog(path, session)
    for number in range(count):
        log.add("searching", "x" * 300, data={"number": number})


def test_lines_of_several_writers_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "log"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(path, session, 200)) for session in (1, 2, 3)]
    for writer in writers:
        writer.start()
    follower, events = EventFollower(path), list[Event]()
    while any(writer.is_alive() for writer in writers):
        events += follower.read_new()
    events += follower.read_new()
    for session in (1, 2, 3):
        numbers = [event.data["number"] for event in events if event.session == session]
        assert numbers == list(range(200))


@pytest.mark.parametrize(
    ("steps", "total"),
    [
        ([("started", 1, 0), ("round", 1, 60)], 1.0),
        ([("started", 1, 0), ("waiting", 1, 60), ("decided", 1, 6000), ("ended", 1, 6060)], 2.0),
        ([("started", 1, 0), ("round", 1, 60), ("resumed", 2, 9000), ("round", 2, 9060)], 2.0),
        ([], 0.0),
    ],
)
def test_minutes_exclude_waiting_and_gaps_between_sessions(
    steps: list[tuple[str, int, int]], total: float
) -> None:
    log = [
        Event(at=START + timedelta(seconds=seconds), kind=kind, session=session)  # type: ignore[arg-type]
        for kind, session, seconds in steps
    ]
    assert count_minutes(log) == pytest.approx(total)

"""The pool over workers that are plain processes: many episodes, faults, lost workers."""

import textwrap
import time
from functools import partial

import pytest

from dsl import library
from dsl.interpreter import Interpreter
from dsl.program import load_checked_program
from harness.mdp.playback import play_episode
from harness.mdp.replay import Replay, permute_branches
from sandbox.faults import ControllerError, Reason
from sandbox.host.interfaces import WorkerChannel, WorkerLost
from sandbox.host.pool import EpisodeLimits, EpisodeTask, WorkerEpisodeResult, WorkerPool
from sandbox.host.process import ProcessWorkerLauncher
from sandbox.library import text
from sandbox.python.controller import PythonController
from tests.sandbox.playing import DECK, body
from tests.sandbox.rogues import GREETING, ROGUES, RoguePlace

QUICK = EpisodeLimits(most_turns=10_000_000, seconds=0.3, patience=2.0, held=4)


def tasks(count: int, budget: int | None = None) -> list[EpisodeTask]:
    """The same question under as many seeds."""
    return [EpisodeTask(partial(Replay, DECK, seed=seed, budget=budget)) for seed in range(count)]


def ended(text: str, count: int = 1, terms: EpisodeLimits = QUICK) -> list[WorkerEpisodeResult]:
    with WorkerPool(ProcessWorkerLauncher(), text, terms=terms) as pool:
        return sorted(pool.play(tasks(count)), key=lambda result: result.task_index)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("budget", [None, 70])
def test_a_pool_plays_as_the_interpreter(workers: int, budget: int | None) -> None:
    program = Interpreter(load_checked_program(library.load_source("parallel_probe")))
    expected = [play_episode(program, task.begin()) for task in tasks(20, budget)]
    with WorkerPool(
        ProcessWorkerLauncher(), text("parallel_probe"), workers=workers, terms=QUICK
    ) as pool:
        found = sorted(pool.play(tasks(20, budget)), key=lambda result: result.task_index)
    assert [result.fault for result in found] == [None] * 20
    assert [
        (result.replay.answer, result.replay.spent, result.replay.sequential) for result in found
    ] == expected


def test_chance_in_a_worker_is_that_of_the_episode() -> None:
    mine = body("episode.open(1)\nif chance(0.5):\n    episode.open(2)\nreturn None")
    expected = [play_episode(PythonController(mine), task.begin()).tokens for task in tasks(12)]
    assert [result.replay.spent for result in ended(mine, 12)] == expected
    assert len(set(expected)) == 2


def test_a_pool_plays_one_lot_after_the_other() -> None:
    with WorkerPool(
        ProcessWorkerLauncher(), body("return winner(episode.sample(4))"), terms=QUICK
    ) as pool:
        batches = [list(pool.play(tasks(3))) for _ in range(2)]
    assert [[result.replay.answer for result in batch] for batch in batches] == [["7"] * 3] * 2


class CountingLauncher(ProcessWorkerLauncher):
    """Counts the workers that it starts."""

    started = 0

    def start(self) -> WorkerChannel:
        self.started += 1
        return super().start()


def test_a_worker_may_wait_for_longer_than_a_controller_may_hang() -> None:
    launcher = CountingLauncher()
    quick = QUICK._replace(seconds=0.1)  # so that 1.2 s is a hang
    with WorkerPool(launcher, body("return winner(episode.sample(4))"), terms=quick) as pool:
        for _ in range(2):
            assert [result.fault for result in pool.play(tasks(3))] == [None] * 3
            time.sleep(2)
    assert launcher.started == 1


def test_code_that_the_policy_refuses_does_not_play() -> None:
    with pytest.raises(ControllerError) as failed:
        WorkerPool(ProcessWorkerLauncher(), "import os\n")
    assert failed.value.fault.reason is Reason.REFUSED


FAULTS = {
    "return str(1 // 0)": Reason.RAISED,
    "x = [0] * 10 ** 10": Reason.MEMORY,
    "sorted(range(1_000_000), key=lambda x: len(sorted(range(100_000))))": Reason.TOO_LONG,
    "t, u = (), ()\nfor i in range(60): t, u = (t, t), (u, u)\nt == u": Reason.TOO_LONG,
}
"""What a controller does, where it meets the answer 9; the last hangs inside of one operation."""


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_ends_its_episodes_and_no_others(code: str) -> None:
    text = f"if episode.sample(1)[0].answer == '9':\n{textwrap.indent(code, '    ')}\nreturn '7'"
    found = ended(body(text), 8)
    at_fault = [result.task_index for result in found if result.fault is not None]
    meet_nine = [seed for seed in range(8) if permute_branches(4, seed)[0] == 1]
    assert at_fault == meet_nine != []
    assert {result.fault.reason for result in found if result.fault is not None} == {FAULTS[code]}


def test_too_many_verbs_end_an_episode() -> None:
    endless = body("while True:\n    episode.prune(episode.open(0))\n    episode.sample(1)\n")
    (one,) = ended(endless, terms=QUICK._replace(most_turns=1000))
    assert one.fault is not None
    assert one.fault.reason is Reason.TOO_MANY_TURNS
    many = body("episode.open(4, look=False)\nfor b in episode.opened:\n    episode.prune([b])")
    (two,) = ended(many, terms=QUICK._replace(most_verbs=3))
    assert two.fault is not None
    assert (two.fault.reason, two.fault.line) == (Reason.TOO_MANY_VERBS, 4)


@pytest.mark.parametrize("rogue", ROGUES)
def test_a_worker_that_breaks_the_protocol_is_ended_and_reported(rogue: str) -> None:
    program, reason = ROGUES[rogue]
    place = RoguePlace(GREETING + program)
    with WorkerPool(place, body("return '7'"), terms=QUICK._replace(patience=1.0)) as pool:
        (one,) = pool.play(tasks(1))
    assert one.fault is not None
    assert one.fault.reason is reason


def test_a_worker_that_speaks_out_of_turn_is_ended() -> None:
    twice = "say({'type': 'moves', 'moves': [[0, 0, {'verb': 'open', 'count': 1}]]}); " * 2
    place = RoguePlace(f"{GREETING}hear(); {twice}time.sleep(60)")
    with WorkerPool(place, body("return '7'"), terms=QUICK) as pool:
        (one,) = pool.play(tasks(1))
    assert one.fault is not None
    assert one.fault.reason in {Reason.GARBLED, Reason.SILENT}


@pytest.mark.parametrize("program", ["import sys; sys.exit(1)", "print('hello' * 10_000)"])
def test_a_worker_that_does_not_start_is_reported_at_once(program: str) -> None:
    with pytest.raises(WorkerLost):
        WorkerPool(RoguePlace(program), body("return '7'"))


LOADING = """
import struct, sys, time
import msgspec
payload = msgspec.msgpack.encode({"type": "ready", "version": 6})
sys.stdout.buffer.write(struct.pack(">I", len(payload)) + payload)
sys.stdout.buffer.flush()
sys.stdin.buffer.read(4)
"""


def test_code_that_a_worker_does_not_survive_is_at_fault_itself() -> None:
    with pytest.raises(ControllerError) as failed:
        WorkerPool(RoguePlace(LOADING), body("return '7'"))
    assert failed.value.fault.reason is Reason.DIED


def test_signs_of_life_do_not_buy_time_without_end() -> None:
    signs = "hear()\nwhile True: say({'type': 'working'}); time.sleep(0.05)"
    with WorkerPool(
        RoguePlace(GREETING + signs), body("pass"), terms=QUICK._replace(patience=0.5)
    ) as pool:
        (one,) = pool.play(tasks(1))
    assert one.fault is not None
    assert one.fault.reason is Reason.SILENT


@pytest.mark.parametrize("code", FAULTS)
def test_a_controller_that_fails_in_every_episode_fails_by_the_first(code: str) -> None:
    with WorkerPool(ProcessWorkerLauncher(), body(code), terms=QUICK._replace(held=64)) as pool:
        first = next(pool.play(tasks(64)))
    assert first.fault is not None
    assert (first.task_index, first.fault.reason) == (0, FAULTS[code])
    assert first.fault.line > 1


def test_a_fault_is_reported_without_waiting_for_later_episodes() -> None:
    hostile = body("if episode.sample(1)[0].answer == '9':\n    while True: pass\nreturn '7'")
    with WorkerPool(ProcessWorkerLauncher(), hostile, terms=QUICK._replace(held=64)) as pool:
        seen = 0
        for result in pool.play(tasks(64)):
            seen += result.fault is not None
            if seen == 2:
                break
    assert seen == 2


def test_a_generator_that_is_left_suspended_does_nothing_in_later_episodes() -> None:
    """The worker collects it while it plays another episode."""
    text = """
        def suspended(caught, cycle):
            try:
                yield caught
            except caught:
                episode.answer("of another episode")
        made = [[] for i in range(60_000)]
        episode.open(2)
        for caught in (Exception, (Exception, ValueError), episode):
            cycle = []
            cycle.append(suspended(caught, cycle))
            next(cycle[0])
        return "its own"
    """
    results = ended(body(text), 8)
    assert {result.replay.answer for result in results} == {"its own"}
    assert {result.replay.spent for result in results} == {20}

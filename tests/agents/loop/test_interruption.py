"""Ctrl-C stops work in threads, whichever thread receives the signal."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from agents.loop.interruption import Interruption, catch_interrupts


def work_until_interrupted(interruption: Interruption, number: int) -> None:
    """Send a signal to this thread, and work until a stop is requested."""
    time.sleep(0.3)  # by then the main thread waits: a signal before would find it awake
    signal.pthread_kill(threading.get_ident(), number)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        interruption.check_interrupt()
        time.sleep(0.01)


def test_ctrl_c_delivered_to_another_thread_ends_the_work() -> None:
    with ThreadPoolExecutor() as pool, catch_interrupts() as interruption:
        work = pool.submit(work_until_interrupted, interruption, signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            work.result()
        assert isinstance(work.exception(), KeyboardInterrupt)


def test_other_signals_request_no_stop() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: heard.append(number))
    try:
        with catch_interrupts() as interruption:
            signal.raise_signal(signal.SIGUSR1)
            time.sleep(0.1)
            interruption.check_interrupt()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert heard == [signal.SIGUSR1]


def test_handler_of_ctrl_c_is_restored() -> None:
    handler, pipe = signal.getsignal(signal.SIGINT), signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(pipe)
    with catch_interrupts(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is handler
    assert signal.set_wakeup_fd(pipe) == pipe
    assert not [thread for thread in threading.enumerate() if thread.name == "interruption"]

"""Garbage of the app is collected while the user does nothing, and by Python elsewhere."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from tests.tui.conftest import NARROW, press, settled
from tui import idle_collector
from tui.app import RheostatApp
from tui.idle_collector import DUE, NEVER, IdleCollector


class Node:
    """An object in a cycle, which a collection alone removes."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector() -> Iterator[IdleCollector]:
    """A collector at work."""
    result = IdleCollector()
    result.start()
    yield result
    result.stop()


def make_due() -> "weakref.ref[Node]":
    """Makes garbage that a full collection alone removes, and enough of it for one."""
    gc.collect()
    node = Node()
    for _ in range(DUE):
        gc.collect(1)
    return weakref.ref(node)


def test_garbage_is_collected_while_the_user_is_idle(
    collector: IdleCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    garbage = make_due()
    collector.note_input()
    assert not collector.collect_if_idle()
    assert garbage() is not None
    monkeypatch.setattr(idle_collector, "IDLE_SECONDS", 0.0)
    assert collector.collect_if_idle()
    assert garbage() is None
    assert not collector.collect_if_idle()  # there is little to collect so soon


async def test_a_key_postpones_the_collection(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    app = RheostatApp(tmp_path_factory.mktemp("runs"))
    noted: list[str] = []
    monkeypatch.setattr(app._collector, "note_input", lambda: noted.append("input"))
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        assert noted == []
        await press(pilot, "down")
        assert noted


async def test_python_collects_again_when_the_app_ends(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    before = gc.get_threshold()
    async with RheostatApp(tmp_path_factory.mktemp("runs")).run_test(size=NARROW) as pilot:
        await settled(pilot)
        assert gc.get_threshold()[2] == NEVER
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0

"""A search set that plays in a moment: two simulated models over one small benchmark."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from agents.run.directory import create_run
from agents.run.records import BaselineRef, RecordingRef, Request
from agents.search.arena import Arena, open_arena
from agents.search.player_pool import ProcessPlayers, players
from harness.request.recordings import open_recordings
from store.environment import save
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate

BASELINES = [BaselineRef(controller="sc", settings=[{"n": n} for n in (1, 2, 4, 8)])]
REASONERS = (
    SimulatedReasoner("weak", skill=0.3, verbosity=1.1, noise=0.1, drift=0.05),
    SimulatedReasoner("able", skill=0.6, verbosity=1.0, noise=0.07, drift=0.05),
    SimulatedReasoner("strong", skill=0.8, verbosity=0.9, noise=0.05, drift=0.05),
)

Opened = Callable[..., AbstractContextManager[Arena]]


@pytest.fixture(scope="session")
def kept_players() -> Iterator[ProcessPlayers]:
    """A process that plays, for every session of this test process: a start takes a second."""
    with players(1) as result:
        assert isinstance(result, ProcessPlayers)
        yield result


@pytest.fixture(autouse=True)
def sessions_keep_their_players(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lets sessions play in a process that is kept; slow tests let them start their own."""
    if request.node.get_closest_marker("slow"):
        return

    @contextmanager
    def kept(workers: int, cluster: str | None = None) -> Iterator[ProcessPlayers]:
        yield request.getfixturevalue("kept_players")

    monkeypatch.setattr("agents.search.evaluator.players", kept)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three models over twelve questions of sixteen branches."""
    folder = tmp_path_factory.mktemp("search-set")
    paths = []
    for reasoner in REASONERS:
        paths.append(folder / f"{reasoner.name}.recording")
        save(simulate(reasoner, Benchmark("small", questions=12, branches=16)), paths[-1])
    return paths


def request(paths: Sequence[Path], **asked: object) -> Request:
    """A request over recordings, with few seeds."""
    refs = [
        RecordingRef(label=label, path=recording.path, digest=recording.digest)
        for label, recording in open_recordings(paths)
    ]
    few = {"seeds": 6, "screening": 3, "betas": [0.0, 0.5, 1.0], "baselines": BASELINES}
    return Request(search=refs, **(few | asked))  # type: ignore[arg-type]


@pytest.fixture
def opened(recordings: list[Path], tmp_path: Path) -> Opened:
    """Opens an arena over some of the recordings, in a run directory of its own."""

    @contextmanager
    def opening(count: int = 3, **asked: object) -> Iterator[Arena]:
        run = create_run(tmp_path / "run", request(recordings[:count], **asked))
        with open_arena(run, workers=1) as result:
            yield result

    return opening

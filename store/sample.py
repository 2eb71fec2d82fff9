"""The built-in sample: six simulated recordings to try everything on.

Three model sizes over two benchmarks, `search` to look for controllers on and `heldout` to judge
them by. docs/sample.md says what is simulated and what is not to be concluded from it.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from store.environment import save
from store.errors import StoreError
from store.reader import open_recording
from store.simulate import Benchmark, Reasoner, simulate

REASONERS = (
    Reasoner("sim-small", skill=0.2, verbosity=1.15, noise=0.10, drift=0.06),
    Reasoner("sim-medium", skill=0.5, verbosity=1.05, noise=0.07, drift=0.05),
    Reasoner("sim-large", skill=0.82, verbosity=1.0, noise=0.05, drift=0.04),
)
BENCHMARKS = (Benchmark("search"), Benchmark("heldout"))


class Written(NamedTuple):
    """One recording of the sample."""

    path: Path
    digest: str
    kept: bool
    """True where the very same recording was there already."""


def write_sample(directory: Path) -> Iterator[Written]:
    """Writes the six recordings as ``directory/<benchmark>/<model>.recording``, one at a time.

    A recording that is already there and identical is kept.

    Raises:
        StoreError: a file of that name is there and is not that recording.
    """
    for benchmark in BENCHMARKS:
        for reasoner in REASONERS:
            path = directory / benchmark.name / f"{reasoner.name}.recording"
            yield _write(reasoner, benchmark, path)


def _write(reasoner: Reasoner, benchmark: Benchmark, path: Path) -> Written:
    environment = simulate(reasoner, benchmark)
    if not path.exists():
        return Written(path, save(environment, path), kept=False)
    with TemporaryDirectory() as scratch:
        digest = save(environment, Path(scratch) / path.name)
    if open_recording(path).digest != digest:
        raise StoreError("is not the sample that it is named for; move it away", path=path)
    return Written(path, digest, kept=True)

"""What plays a pipeline's trials: its simulator, a record of trials, or servers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.allocation.environment import Environment
from harness.allocation.governing import governed_stages
from harness.allocation.simulator import Simulator
from harness.errors import InputError
from store.pipelines.reading import Declared, read_pipeline
from store.pipelines.records import Pipeline


class Means(NamedTuple):
    """With what trials are played, beside the pipeline itself."""

    record: Path | None = None
    """Of trials: those in it are replayed; what is carried out is added to it."""
    execute: bool = False
    """Whether what is not in the record is carried out."""
    base_url: str = ""
    """Of a server, where the pipeline names none."""
    governors: Mapping[str, Sequence[str]] = {}
    """By stage, the controllers that may govern it, as ``CONTROLLER@BETA``."""


def environment(pipeline: Pipeline, path: Path | None, means: Means) -> Environment:
    """What plays a pipeline's trials.

    Args:
        pipeline: the pipeline.
        path: of its file; ``None`` for a simulation that was drawn.
        means: with what.

    Raises:
        InputError: there is nothing that can play them.
        StoreError: the record, or a recording of a stage, cannot be used.
        SurroundingsError: a server does not answer.
    """
    folder = Path() if path is None else path.parent
    governed = governed_stages(pipeline, folder, means.governors)
    if pipeline.simulation is not None:
        return Simulator(pipeline, governed)
    assert path is not None
    from harness.allocation.recorded import recorded

    return recorded(_again(path, pipeline), means, governed)


def _again(path: Path, pipeline: Pipeline) -> Declared:
    """The pipeline of a file with its questions, which must be what it was.

    Raises:
        InputError: the file is another by now.
    """
    found = read_pipeline(path)
    if found.pipeline != pipeline:
        raise InputError(f"{path}: is another pipeline than when the run began")
    return found

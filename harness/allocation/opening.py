"""What plays a pipeline's trials: its simulator, a record of trials, or servers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.allocation.environment import Environment
from harness.allocation.governing import governed_stages
from harness.allocation.simulator import HELD_OUT, Simulator
from harness.errors import InputError
from store.pipelines.reading import Declared, read_held_out, read_pipeline
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


class HeldOut(NamedTuple):
    """The questions that a pipeline holds out."""

    digest: str
    """Of the pipeline and these questions."""
    questions: int
    """How many there are."""
    path: Path | None
    """Of their file; ``None`` where they are drawn."""


def held_out(pipeline: Pipeline, path: Path | None) -> HeldOut | None:
    """What a pipeline holds out; ``None`` where it holds out nothing.

    Raises:
        StoreError: the file of its questions cannot be used, or one of them is searched on.
    """
    if pipeline.simulation is not None:
        unseen = Simulator(pipeline).held_out
        return None if unseen is None else HeldOut(unseen.digest, HELD_OUT.size, None)
    assert path is not None
    if not pipeline.held_out:
        return None
    found = read_held_out(_again(path, pipeline))
    return HeldOut(found.digest, len(found.questions), path.parent / pipeline.held_out)


def unseen_environment(pipeline: Pipeline, path: Path | None, means: Means) -> Environment:
    """What plays a pipeline's trials on the questions that it holds out.

    Args:
        pipeline: one that holds out some.
        path: of its file; ``None`` for a simulation that was drawn.
        means: with what; the record is that of these trials alone.

    Raises:
        InputError: and as `environment`.
    """
    folder = Path() if path is None else path.parent
    governed = governed_stages(pipeline, folder, means.governors)
    if pipeline.simulation is not None:
        unseen = Simulator(pipeline, governed).held_out
        assert unseen is not None
        return unseen
    assert path is not None
    from harness.allocation.recorded import recorded

    return recorded(read_held_out(_again(path, pipeline)), means, governed)


def _again(path: Path, pipeline: Pipeline) -> Declared:
    """The pipeline of a file with its questions, which must be what it was.

    Raises:
        InputError: the file is another by now.
    """
    found = read_pipeline(path)
    if found.pipeline != pipeline:
        raise InputError(f"{path}: is another pipeline than when the run began")
    return found

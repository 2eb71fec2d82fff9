"""The trial, the interface of allocation: what plays allocations of a pipeline, and opening one.

Whoever proposes allocations speaks to a `TrialEnvironment` alone. Behind it is the pipeline's
simulator, a record of trials, or servers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from harness.allocation.governors import governed_stages
from harness.allocation.simulator import HELD_OUT_QUESTIONS, Simulator
from harness.errors import InputError
from store.pipelines.pipeline_file import PipelineDeclaration, read_held_out, read_pipeline
from store.pipelines.schema import Pipeline, StageChoice, StageChoices, Trial


class TrialEnvironment(Protocol):
    """Plays allocations of one pipeline: a simulator, a record of trials, or servers."""

    @property
    def pipeline(self) -> Pipeline:
        """What it plays."""
        ...

    @property
    def kind(self) -> str:
        """``simulator``, ``record`` or ``servers``."""
        ...

    @property
    def digest(self) -> str:
        """Name what a trial's outcome depends on, by content."""
        ...

    @property
    def recorded(self) -> Mapping[StageChoices, float] | None:
        """The allocations that alone can be played, with their costs; ``None`` for any."""
        ...

    @property
    def governed(self) -> Sequence[Mapping[StageChoice, float]]:
        """For each stage the controllers that may govern it, with what they cost there."""
        ...

    def play(self, choices: StageChoices) -> Trial:
        """Carry out an allocation on every question.

        Raises:
            InputError: it cannot be played here; the sentence names it.
            ExternalError: a server does not play its part.
        """
        ...


class TrialOptions(NamedTuple):
    """With what trials are played, beside the pipeline itself."""

    record: Path | None = None
    """Of trials: those in it are replayed; what is carried out is added to it."""
    execute: bool = False
    """Whether what is not in the record is carried out."""
    base_url: str = ""
    """Of a server, where the pipeline names none."""
    governors: Mapping[str, Sequence[str]] = {}
    """By stage, the controllers that may govern it, as ``CONTROLLER@BETA``."""


def open_environment(
    pipeline: Pipeline, path: Path | None, options: TrialOptions
) -> TrialEnvironment:
    """Open the simulator, record or servers that execute a pipeline's trials.

    Args:
        pipeline: The pipeline.
        path: Path of its file; ``None`` for a simulation drawn from a seed.
        options: Record, servers and controllers for the trials.

    Raises:
        InputError: There is nothing that can execute them.
        StoreError: The record, or a recording of a stage, cannot be used.
        ExternalError: A server does not respond.
    """
    folder = Path() if path is None else path.parent
    governed = governed_stages(pipeline, folder, options.governors)
    if pipeline.simulation is not None:
        return Simulator(pipeline, governed)
    assert path is not None
    from harness.allocation.recorded_trials import open_recorded_trials

    return open_recorded_trials(_reread_pipeline(path, pipeline), options, governed)


class PipelineHoldout(NamedTuple):
    """The questions that a pipeline holds out."""

    digest: str
    """Of the pipeline and these questions."""
    questions: int
    """How many there are."""
    path: Path | None
    """Of their file; ``None`` where they are drawn."""


def find_held_out(pipeline: Pipeline, path: Path | None) -> PipelineHoldout | None:
    """What a pipeline holds out; ``None`` where it holds out nothing.

    Raises:
        StoreError: the file of its questions cannot be used, or one of them is searched on.
    """
    if pipeline.simulation is not None:
        unseen = Simulator(pipeline).held_out
        return (
            None
            if unseen is None
            else PipelineHoldout(unseen.digest, HELD_OUT_QUESTIONS.size, None)
        )
    assert path is not None
    if not pipeline.held_out:
        return None
    found = read_held_out(_reread_pipeline(path, pipeline))
    return PipelineHoldout(found.digest, len(found.questions), path.parent / pipeline.held_out)


def open_held_out_environment(
    pipeline: Pipeline, path: Path | None, options: TrialOptions
) -> TrialEnvironment:
    """Open the environment for trials on the questions that a pipeline holds out.

    Args:
        pipeline: A pipeline that holds out questions.
        path: Path of its file; ``None`` for a simulation drawn from a seed.
        options: As for `open_environment`; the record must be one of held-out trials.

    Raises:
        InputError: From `open_environment`.
        StoreError: From `open_environment`.
        ExternalError: From `open_environment`.
    """
    folder = Path() if path is None else path.parent
    governed = governed_stages(pipeline, folder, options.governors)
    if pipeline.simulation is not None:
        unseen = Simulator(pipeline, governed).held_out
        assert unseen is not None
        return unseen
    assert path is not None
    from harness.allocation.recorded_trials import open_recorded_trials

    return open_recorded_trials(read_held_out(_reread_pipeline(path, pipeline)), options, governed)


def _reread_pipeline(path: Path, pipeline: Pipeline) -> PipelineDeclaration:
    """Return the pipeline of a file with its questions, which must be what it was.

    Raises:
        InputError: the file is another by now.
    """
    found = read_pipeline(path)
    if found.pipeline != pipeline:
        raise InputError(f"{path}: is another pipeline than when the run began")
    return found

"""Trial environments, the interface of allocation: play allocations of a pipeline.

Search code uses a `TrialEnvironment` only. It is backed by the pipeline's simulator, a record of
trials, or servers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from harness.allocation.governors import governed_stages
from harness.allocation.simulator import HELD_OUT_QUESTIONS, Simulator
from harness.errors import InputError
from store.pipelines.pipeline_file import PipelineDeclaration, read_held_out, read_pipeline
from store.pipelines.schema import HeldOutQuestions, Pipeline, StageChoice, StageChoices, Trial


class TrialEnvironment(Protocol):
    """Plays allocations of one pipeline: a simulator, a record of trials, or servers."""

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline that it plays."""
        ...

    @property
    def kind(self) -> str:
        """``simulator``, ``record`` or ``servers``."""
        ...

    @property
    def digest(self) -> str:
        """The digest of everything that a trial's outcome depends on."""
        ...

    @property
    def recorded(self) -> Mapping[StageChoices, float] | None:
        """The only allocations that can be played, with their costs; ``None`` for any."""
        ...

    @property
    def governed(self) -> Sequence[Mapping[StageChoice, float]]:
        """For each stage, the controllers that may govern it, with their costs."""
        ...

    def play(self, choices: StageChoices) -> Trial:
        """Execute an allocation on every question.

        Raises:
            InputError: It cannot be played here; the message names it.
            ExternalError: A server failed.
        """
        ...


class TrialOptions(NamedTuple):
    """Options of trials, besides the pipeline itself."""

    record: Path | None = None
    """The record of trials: those in it are replayed, executed ones are added to it."""
    execute: bool = False
    """Whether trials that are not in the record are executed."""
    base_url: str = ""
    """Base URL of a server, for models without one in the pipeline."""
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


def find_held_out(pipeline: Pipeline, path: Path | None) -> HeldOutQuestions | None:
    """Return the held-out questions of a pipeline, or ``None``.

    Raises:
        StoreError: The file of its questions cannot be used, or shares a question with the search.
    """
    if pipeline.simulation is not None:
        unseen = Simulator(pipeline).held_out
        if unseen is None:
            return None
        return HeldOutQuestions(digest=unseen.digest, questions=HELD_OUT_QUESTIONS.size)
    assert path is not None
    if not pipeline.held_out:
        return None
    held_out = read_held_out(_reread_pipeline(path, pipeline))
    return HeldOutQuestions(
        digest=held_out.digest,
        questions=len(held_out.questions),
        path=path.parent / pipeline.held_out,
    )


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
    """Read a pipeline's file again with its questions, and check that it is unchanged.

    Raises:
        InputError: The file has changed.
    """
    declared = read_pipeline(path)
    if declared.pipeline != pipeline:
        raise InputError(f"{path}: the pipeline has changed since the run started")
    return declared

"""Recorded trials: replay them exactly; execute the others, or refuse them by name."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.allocation.simulator import GovernedStage
from harness.errors import InputError
from store.errors import StoreError
from store.pipelines.pipeline_file import PipelineDeclaration
from store.pipelines.schema import Pipeline, StageChoice, StageChoices, Trial, format_choices
from store.pipelines.trials import TrialsHeader, TrialWriter, read_trials

if TYPE_CHECKING:
    from harness.allocation.trial_environment import TrialOptions
    from harness.allocation.trial_executor import TrialExecutor

CALLS_FILE = "calls.sqlite"
"""Suffix of the file beside a record that holds the model calls of its trials."""


class RecordedTrials:
    """Play from a record; see `harness.allocation.trial_environment.TrialEnvironment`.

    Args:
        declared: The pipeline.
        path: Path of the record; it is created with the first trial that is executed. An empty file
            is a run without trials.
        executor: Executes trials that are not in the record; ``None`` refuses them.
        governed: For each stage, the results of its controllers.

    Raises:
        StoreError: The record cannot be used, or belongs to another pipeline.
    """

    def __init__(
        self,
        declared: PipelineDeclaration,
        path: Path,
        executor: "TrialExecutor | None" = None,
        governed: Sequence[Mapping[StageChoice, GovernedStage]] = (),
    ):
        self.pipeline: Pipeline = declared.pipeline
        self.digest = declared.digest
        self._path, self._executor, self._governed = path, executor, governed
        self._head = TrialsHeader(
            pipeline=declared.pipeline,
            digest=declared.digest,
            questions=[question.id for question in declared.questions],
        )
        self._trials: dict[StageChoices, Trial] = {}
        if executor is None or path.is_file():
            log = read_trials(path)
            if log.head.digest != self.digest:
                raise StoreError(
                    f"contains trials of a pipeline other than {declared.path}, or that file has"
                    " changed",
                    path=path,
                )
            self._trials = log.trials

    @property
    def kind(self) -> str:
        """See `harness.allocation.trial_environment.TrialEnvironment`."""
        return "record" if self._executor is None else "servers"

    @property
    def recorded(self) -> dict[StageChoices, float] | None:
        """See `harness.allocation.trial_environment.TrialEnvironment`."""
        if self._executor is not None:
            return None
        return {choices: trial.cost for choices, trial in self._trials.items()}

    @property
    def governed(self) -> list[dict[StageChoice, float]]:
        """See `harness.allocation.trial_environment.TrialEnvironment`."""
        costs = [
            {choice: estimate.cost for choice, estimate in some.items()} for some in self._governed
        ]
        for trial in self._trials.values():  # controllers of recorded trials may be used again
            for index, choice in enumerate(trial.choices):
                if choice.controller and choice not in costs[index]:
                    raise InputError(
                        f"{self._path}: a trial has stage {self.pipeline.stages[index].name}"
                        f" governed by {choice.label}",
                        hint=f"--governor {self.pipeline.stages[index].name}="
                        f"{choice.controller}@{choice.beta:g}",
                    )
        return costs

    def play(self, choices: StageChoices) -> Trial:
        """See `harness.allocation.trial_environment.TrialEnvironment`."""
        trial = self._trials.get(choices)
        if trial is not None:
            return trial
        if self._executor is None:
            raise InputError(
                f"{self._path}: the trial {format_choices(choices)} is not recorded",
                hint="execute it with --base-url and --execute",
            )
        executed = self._executor.play(choices)
        with TrialWriter.open(self._path, self._head) as writer:
            if choices not in writer.trials:
                writer.add(executed)
            self._trials = dict(writer.trials)
        return self._trials[choices]


def open_recorded_trials(
    declared: PipelineDeclaration,
    options: "TrialOptions",
    governed: Sequence[Mapping[StageChoice, GovernedStage]],
) -> RecordedTrials:
    """Open a record of trials, and the servers for other trials if that is allowed.

    Args:
        declared: The pipeline.
        options: Record, servers and controllers for the trials.
        governed: For each stage, the results of its controllers.

    Raises:
        InputError: No server is named for a model.
        StoreError: The record cannot be used.
    """
    path = options.record
    if not options.execute:
        if path is None:
            raise InputError(f"{declared.path}: no record and no server is given")
        return RecordedTrials(declared, path, None, governed)
    from harness.allocation.trial_executor import TrialExecutor
    from store.pipelines.call_cache import CallCache

    calls_path = Path(":memory:") if path is None else path.with_name(CALLS_FILE)
    executor = TrialExecutor(declared, CallCache(calls_path), options.base_url, governed)
    return RecordedTrials(declared, path or Path(), executor, governed)

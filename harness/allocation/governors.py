"""Stages governed by a controller: results of controllers over the stage's recordings.

A stage may name, for a model, a recording of its branches. A controller is replayed over it, as in
`rheostat sweep`: its tokens replace the cost of the samples, and its answers replace their fused
output. In a simulated pipeline, its share of correct answers is the stage's quality with a perfect
input, because the recording has no other input.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.allocation.budget import rate
from harness.allocation.simulator import GovernedStage
from harness.errors import InputError
from store.pipelines.schema import Pipeline, Stage, StageChoice

if TYPE_CHECKING:
    from dsl.checker import CheckedProgram
    from harness.request.recordings import NamedRecording

DEFAULT_BETA = 0.5
"""Default β of a controller; a controller without a schedule ignores it."""

SEEDS = 20
"""How many permutations of the branches a controller is replayed under."""


def governed_stages(
    pipeline: Pipeline, folder: Path, governors: Mapping[str, Sequence[str]]
) -> list[dict[StageChoice, GovernedStage]]:
    """Return, for each stage, the controllers that may govern it, with their results.

    Args:
        pipeline: The pipeline.
        folder: The directory of its file; recordings are relative to it.
        governors: By stage, controllers as ``CONTROLLER@BETA``: of the library, or of a file
            ``CONTROLLER.rheo`` in the folder.

    Raises:
        InputError: A stage, a controller or its β cannot be used, or the stage has no recording.
        StoreError: A recording cannot be read.
    """
    names = [stage.name for stage in pipeline.stages]
    for stage in governors:
        if stage not in names:
            raise InputError(
                f"--governor: {pipeline.name} has no stage {stage}; it has {', '.join(names)}"
            )
    return [
        _stage_controllers(pipeline, stage, folder, governors.get(stage.name, ()))
        for stage in pipeline.stages
    ]


def _stage_controllers(
    pipeline: Pipeline, stage: Stage, folder: Path, governors: Sequence[str]
) -> dict[StageChoice, GovernedStage]:
    if not governors:
        return {}
    if not stage.recordings:
        raise InputError(
            f"stage {stage.name} of {pipeline.name} has no recording, so no controller can govern"
            " it",
            hint="add MODEL = FILE to [stage.recordings] in the pipeline file",
        )
    from harness.request.controllers import load_program
    from harness.request.recordings import open_recordings

    controllers: dict[StageChoice, GovernedStage] = {}
    for model, file in stage.recordings.items():
        [named] = open_recordings([folder / file])
        for governor in governors:
            controller, beta = _parse_governor(governor)
            choice = StageChoice(model, 0, controller, beta)
            if choice in controllers:
                continue
            checked = load_program(_locate_controller(controller, folder)).checked
            controllers[choice] = _replay_controller(pipeline, stage, choice, checked, named)
    return controllers


def _parse_governor(governor: str) -> tuple[str, float]:
    """Parse a controller and its β.

    Raises:
        InputError: The text is malformed.
    """
    name, sign, written = governor.partition("@")
    try:
        beta = float(written) if sign else DEFAULT_BETA
    except ValueError:
        beta = -1.0
    if not 0 <= beta <= 1:
        raise InputError(f"--governor {governor}: write CONTROLLER@BETA, with beta from 0 to 1")
    if not name.isidentifier():
        raise InputError(
            f"--governor {governor}: {name!r} is not the name of a controller",
            hint="name a controller of the library, or NAME for NAME.rheo beside the pipeline file",
        )
    return name, beta


def _locate_controller(controller: str, folder: Path) -> str:
    """Return where a controller is: beside the pipeline file, or in the library."""
    beside = folder / f"{controller}.rheo"
    return str(beside) if beside.is_file() else controller


def _replay_controller(
    pipeline: Pipeline,
    stage: Stage,
    choice: StageChoice,
    checked: "CheckedProgram",
    named: "NamedRecording",
) -> GovernedStage:
    """Replay a controller over a recording: its tokens, accuracy and answers."""
    from harness.engines import ControllerSetting
    from harness.engines.catalog import get_engine
    from harness.mdp.environment import load_replay_environment

    setting = ControllerSetting(choice.beta if checked.scheduled else None)
    replay_environment = load_replay_environment(named.recording)
    episodes = get_engine("compiled").play(checked, setting, replay_environment, range(SEEDS))
    samples = float(episodes.tokens.mean()) / stage.output_tokens
    answers = {}
    for index, question in enumerate(named.recording.questions):
        words = {number: word for word, number in replay_environment.words(index).items()}
        answers[question.id] = words.get(int(episodes.answer[index, 0]), "")
    return GovernedStage(
        cost=rate(pipeline, stage, pipeline.model(choice.model)).cost(samples),
        right=float(episodes.right.mean()),
        answers=answers,
        samples=samples,
    )

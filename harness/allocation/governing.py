"""Stages that a controller governs: what each controller comes to over the stage's recordings.

A stage may name, for a model, a recording of its branches. A controller is replayed over it, as
`rheostat sweep` does: what it spends there takes the place of the samples' cost, and what it
answers that of their fused output. Over a simulated pipeline the part of the questions that it
answers right is the stage's quality with a perfect input; it has seen no other.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.allocation.budget import rate
from harness.allocation.simulator import Governed
from harness.errors import InputError
from store.pipelines.records import Choice, Pipeline, Stage

if TYPE_CHECKING:
    from dsl.checker import Checked
    from harness.request.recordings import Named

DEFAULT_BETA = 0.5
"""At which a controller governs where none is given; one that follows no β is the same at any."""

SEEDS = 20
"""Shuffles of the branches under which a controller is replayed."""


def governed_stages(
    pipeline: Pipeline, folder: Path, governors: Mapping[str, Sequence[str]]
) -> list[dict[Choice, Governed]]:
    """For each stage, the controllers that may govern it, and what they come to there.

    Args:
        pipeline: the pipeline.
        folder: where its file lies: recordings are named from there.
        governors: by stage, controllers as ``CONTROLLER@BETA``: of the library, or of a file
            ``CONTROLLER.rheo`` in the folder.

    Raises:
        InputError: a stage, a controller or its β cannot be used, or the stage has no recording.
        StoreError: a recording cannot be read.
    """
    names = [each.name for each in pipeline.stages]
    for stage in governors:
        if stage not in names:
            raise InputError(
                f"--governor: {pipeline.name} has no stage {stage}; it has {', '.join(names)}"
            )
    return [
        _stage(pipeline, stage, folder, governors.get(stage.name, ())) for stage in pipeline.stages
    ]


def _stage(
    pipeline: Pipeline, stage: Stage, folder: Path, governors: Sequence[str]
) -> dict[Choice, Governed]:
    if not governors:
        return {}
    if not stage.recordings:
        raise InputError(
            f"stage {stage.name} of {pipeline.name} names no recording, so no controller can"
            " govern it",
            hint="[stage.recordings] MODEL = FILE in the pipeline file",
        )
    from harness.request.controllers import load_program
    from harness.request.recordings import open_recordings

    found: dict[Choice, Governed] = {}
    for model, file in stage.recordings.items():
        [named] = open_recordings([folder / file])
        for governor in governors:
            controller, beta = _read(governor)
            choice = Choice(model, 0, controller, beta)
            if choice in found:
                continue
            checked = load_program(_place(controller, folder)).checked
            found[choice] = _replayed(pipeline, stage, choice, checked, named)
    return found


def _read(governor: str) -> tuple[str, float]:
    """A controller and its β.

    Raises:
        InputError: it is not written so.
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
            f"--governor {governor}: {name!r} is no name of a controller",
            hint="it is one of the library, or NAME for NAME.rheo beside the pipeline file",
        )
    return name, beta


def _place(controller: str, folder: Path) -> str:
    """Where a controller is found: beside the pipeline file, or in the library."""
    beside = folder / f"{controller}.rheo"
    return str(beside) if beside.is_file() else controller


def _replayed(
    pipeline: Pipeline, stage: Stage, choice: Choice, checked: "Checked", named: "Named"
) -> Governed:
    """A controller over a recording: what it spends, how often it is right, what it answers."""
    from harness.engines import Setting
    from harness.engines.choose import engine
    from harness.mdp.environment import environment

    setting = Setting(choice.beta if checked.scheduled else None)
    world = environment(named.recording)
    episodes = engine("compiled").play(checked, setting, world, range(SEEDS))
    samples = float(episodes.tokens.mean()) / stage.output_tokens
    answers = {}
    for at, question in enumerate(named.recording.questions):
        words = {number: word for word, number in world.words(at).items()}
        answers[question.id] = words.get(int(episodes.answer[at, 0]), "")
    return Governed(
        cost=rate(pipeline, stage, pipeline.model(choice.model)).cost(samples),
        right=float(episodes.right.mean()),
        answers=answers,
        samples=samples,
    )

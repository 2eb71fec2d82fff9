"""A simulated pipeline in which what was observed of real ones holds, each part with a switch.

Three observations (AgentTTS, arXiv 2508.00890). *Sizes*: a stage has a size of model from which on
a larger one brings little, and below which repetition cannot make up. *Saturation*: a stage has a
number of samples beyond which it gains nothing. *Coupling*: a stage with a poor input wants a
larger model and more samples, so what is spent early moves the optimum of what follows.

A stage turns the quality of its input, from 0 to 1, into that of its output: a single sample of a
model has a quality that rises with its size along a logistic curve; samples raise it towards a
ceiling along a saturating exponential that ends at the stage's number of samples. All constants
are drawn from the seed. With a switch off, every model's ability is drawn without regard to its
size; or samples gain like their logarithm, without end; or a poor input spoils the output alone.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from math import ceil, exp, log
from random import Random
from typing import NamedTuple

from harness.allocation.budget import cost
from harness.allocation.optimum import Optimum, find_optimum
from harness.allocation.space import AllocationSpace
from harness.errors import InputError
from store.pipelines.schema import (
    Pipeline,
    PipelineModel,
    QuestionResult,
    Simulation,
    Stage,
    StageChoice,
    StageChoices,
    Trial,
)


class QuestionSet(NamedTuple):
    """A set of questions that is drawn."""

    name: str
    """Of their chance."""
    mark: str
    """In front of their numbers."""
    size: int


SEARCH_QUESTIONS = QuestionSet("questions", "q", 50)
"""As many as the published trials had."""
HELD_OUT_QUESTIONS = QuestionSet("held out", "h", 500)
"""As many as were published, where questions are right or wrong."""

SIZES = (3.0, 7.0, 8.0, 14.0, 32.0, 70.0, 72.0)
"""Billions of parameters that models are drawn from, without two that are nearly alike."""
_ALIKE = 1.3
_TOKENS = ((2048, 128), (1024, 64), (256, 64), (1024, 256), (1024, 512), (1024, 1024), (512, 128))
"""(prompt, output) of stages, most of them published."""
_NAMES = ("retrieve", "decompose", "select", "answer")
_BASELINE_GAIN = 256
"""Samples at which an unsaturated stage has the gain that a saturated one has at its end."""


def draw_pipeline(simulation: Simulation) -> Pipeline:
    """Return a pipeline of two to four stages and two to five models, drawn from a seed."""
    random = Random(f"pipeline/{simulation.seed}")
    count = random.randint(2, 4)
    sizes: list[float] = []
    for size in random.sample(SIZES, len(SIZES)):
        if all(max(size, each) / min(size, each) > _ALIKE for each in sizes):
            sizes.append(size)
    sizes = sorted(sizes[: random.randint(2, 5)])
    models = [
        PipelineModel(
            name=f"{size:g}B",
            parameters=size,
            dollars_in=round(0.012 * size, 3),
            dollars_out=round(0.012 * size, 3),
        )
        for size in sizes
    ]
    names = [*_NAMES[: count - 1], _NAMES[-1]]
    tokens = [random.choice(_TOKENS) for _ in names]
    return Pipeline(
        name=f"simulated-{simulation.seed}",
        models=models,
        stages=[
            Stage(name=name, prompt_tokens=prompt, output_tokens=output)
            for name, (prompt, output) in zip(names, tokens, strict=True)
        ],
        simulation=simulation,
    )


def default_budget(pipeline: Pipeline) -> float:
    """A budget at which there is something to decide: about the largest models everywhere."""
    assert pipeline.simulation is not None
    random = Random(f"budget/{pipeline.simulation.seed}")
    largest = tuple(StageChoice(pipeline.candidates(each)[-1].name, 1) for each in pipeline.stages)
    smallest = tuple(StageChoice(pipeline.candidates(each)[0].name, 4) for each in pipeline.stages)
    least = cost(pipeline, smallest)
    return float(ceil(max(cost(pipeline, largest) * random.uniform(0.8, 2.0), least)))


class StageCurve(NamedTuple):
    """What is drawn of one stage."""

    low: float
    high: float
    """Qualities of one sample of a model that is far too small, and of one that is large enough."""
    size: float
    """Billions of parameters at which a model is half able."""
    sharpness: float
    shifts: Mapping[str, float]
    """Of each model, on the logistic scale: families differ."""
    room: float
    """The part of what is missing that repetition can make up."""
    samples: float
    """At which it gains no more, with a perfect input."""
    leaning: float
    """The part of its quality that hangs on its input."""
    more_samples: float
    larger_models: float
    """How strongly a poor input raises the samples and the size that it wants."""

    def quality(self, model: PipelineModel, samples: float, given: float, of: Simulation) -> float:
        """Of the output, from 0 to 1.

        Args:
            model: that samples.
            samples: how many.
            given: the quality of the input.
            of: which observations hold.
        """
        missing = 1 - given if of.coupling else 0.0
        if of.sizes:
            wanted = log(self.size) + self.larger_models * missing
            ability = _logistic(self.sharpness * (log(model.parameters) - wanted)
                                + self.shifts[model.name])  # fmt: skip
        else:
            ability = _logistic(3 * self.shifts[model.name])
        single = self.low + (self.high - self.low) * ability
        gained = self.gained(samples, missing, of)
        best = single + (1 - single) * self.room * gained
        return best * (1 - self.leaning * (1 - given))

    def gained(self, samples: float, missing: float, of: Simulation) -> float:
        """The part of what repetition can gain that so many samples have; 1 where it is all."""
        if not of.saturation:
            return log(samples) / log(_BASELINE_GAIN)
        end = self.samples * (1 + self.more_samples * missing)
        at = min(1.0, (samples - 1) / max(end - 1, 1e-9))
        return (1 - exp(-3 * at)) / (1 - exp(-3))

    def enough(self) -> int:
        """Samples beyond which it gains nothing, whatever its input."""
        return ceil(self.samples * (1 + self.more_samples)) + 1


def _curve(pipeline: Pipeline, at: int, seed: int) -> StageCurve:
    random = Random(f"stage/{seed}/{at}")
    models = pipeline.candidates(pipeline.stages[at])
    smallest, largest = models[0].parameters, models[-1].parameters
    reach = log(largest / smallest)
    low, high = random.uniform(0.1, 0.4), random.uniform(0.7, 0.95)
    return StageCurve(
        low=low,
        high=high,
        size=smallest * exp(random.uniform(-0.7, 1.0) * reach),
        sharpness=random.uniform(0.8, 3.0),
        shifts={each.name: random.gauss(0.0, 0.3) for each in models},
        room=random.uniform(0.15, 0.7),
        samples=exp(random.uniform(log(3), log(40))),
        leaning=random.uniform(0.4, 0.9) if at else 0.0,
        more_samples=random.uniform(0.5, 3.0) if at else 0.0,
        larger_models=random.uniform(0.3, 1.5) if at else 0.0,
    )


class Simulator:
    """Plays a simulated pipeline.

    Args:
        pipeline: with its `Pipeline.simulation`.
        governed: for each stage, controllers that may govern it: what each costs, and the part of
            the questions that it answers right there, which takes the place of the stage's own
            quality with a perfect input.
        questions: on which it is played.
    """

    kind = "simulator"
    recorded: Mapping[StageChoices, float] | None = None

    def __init__(
        self,
        pipeline: Pipeline,
        governed: Sequence[Mapping[StageChoice, "GovernedStage"]] = (),
        questions: QuestionSet = SEARCH_QUESTIONS,
    ):
        assert pipeline.simulation is not None
        self.pipeline, self._questions = pipeline, questions
        self.simulation = pipeline.simulation
        self.curves = [
            _curve(pipeline, at, self.simulation.seed) for at in range(len(pipeline.stages))
        ]
        self._governed = list(governed) or [{} for _ in pipeline.stages]
        random = Random(f"{questions.name}/{self.simulation.seed}")
        self._hardness = [random.gauss(0.0, 1.0) for _ in range(questions.size)]

    @property
    def governed(self) -> list[dict[StageChoice, float]]:
        """See `harness.allocation.trial_environment.TrialEnvironment`."""
        return [{choice: each.cost for choice, each in some.items()} for some in self._governed]

    @cached_property
    def digest(self) -> str:
        """See `harness.allocation.trial_environment.TrialEnvironment`."""
        from store.pipelines.pipeline_file import pipeline_digest

        whole = pipeline_digest(self.pipeline, ())
        return whole if self._questions == SEARCH_QUESTIONS else f"{whole}/{self._questions.name}"

    @property
    def held_out(self) -> "Simulator | None":
        """The same pipeline over the questions that it holds out, where questions are drawn.

        ``None`` where each counts by its chance: a better quality is then better on any questions.
        """
        if not self.simulation.sampled:
            return None
        return Simulator(self.pipeline, self._governed, HELD_OUT_QUESTIONS)

    def play(self, choices: StageChoices) -> Trial:
        """See `harness.allocation.trial_environment.TrialEnvironment`."""
        total = AllocationSpace(self.pipeline, float("inf"), governed=self.governed).cost(choices)
        quality = self.quality(choices)
        return Trial(
            choices=choices,
            cost=total,
            answered=[
                QuestionResult(question=f"{self._questions.mark}{at:02d}", score=score)
                for at, score in enumerate(self._scores(quality, choices))
            ],
        )

    def quality(self, choices: StageChoices) -> float:
        """Of the last stage's output, from 0 to 1."""
        given = 1.0
        for at, choice in enumerate(choices):
            given = self.after(at, choice, given)
        return given

    def after(self, at: int, choice: StageChoice, given: float) -> float:
        """Return the quality of a stage's output by that of its input."""
        curve = self.curves[at]
        if choice.controller:
            right = self._governed[at][choice].right
            return right * (1 - curve.leaning * (1 - given))
        model = self.pipeline.model(choice.model)
        return curve.quality(model, choice.samples, given, self.simulation)

    def expected(self, quality: float) -> float:
        """Return the score that is expected of a quality: the mean chance over the questions."""
        return sum(self._chances(quality)) / self._questions.size

    def _chances(self, quality: float) -> list[float]:
        inside = min(max(quality, 1e-9), 1 - 1e-9)
        middle = log(inside / (1 - inside))
        return [_logistic(middle - each) for each in self._hardness]

    def _scores(self, quality: float, choices: StageChoices) -> list[float]:
        chances = self._chances(quality)
        if not self.simulation.sampled:
            return chances
        labels = "/".join(each.label for each in choices)
        if self._questions != SEARCH_QUESTIONS:
            labels = f"{self._questions.name}/{labels}"
        luck = Random(blake2b(f"{self.simulation.seed}/{labels}".encode()).digest())
        return [float(luck.random() < chance) for chance in chances]

    def optimum(self, budget: float) -> Optimum:
        """Return the best allocation within a budget, by its expected score."""
        space = AllocationSpace(self.pipeline, budget, governed=self.governed)
        most = [each.enough() for each in self.curves]
        found = find_optimum(space, self.after, most if self.simulation.saturation else None)
        return found._replace(score=self.expected(found.score))


class GovernedStage(NamedTuple):
    """What a controller comes to in a stage, over a recording of its branches."""

    cost: float
    """In the pipeline's unit."""
    right: float
    """The part of the questions that it answers right."""
    answers: Mapping[str, str] = {}
    """By question, what it answers under the first shuffle of the branches."""
    samples: float = 0.0
    """Its tokens for each question over those of a sample."""


def build_simulator(simulation: Simulation) -> Simulator:
    """Return the simulator of a pipeline that is drawn too.

    Raises:
        InputError: the seed is below 0.
    """
    if simulation.seed < 0:
        raise InputError("the seed of a simulation is 0 or more")
    return Simulator(draw_pipeline(simulation))


def _logistic(at: float) -> float:
    return 1 / (1 + exp(-at)) if at > -700 else 0.0

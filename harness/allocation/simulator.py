"""A simulated pipeline that reproduces three observations of real ones, each with a switch.

The observations (AgentTTS, arXiv 2508.00890). *Sizes*: each stage has a model size beyond which a
larger one gains little, and below which repetition cannot compensate. *Saturation*: each stage has
a number of samples beyond which it gains nothing. *Coupling*: a stage with a poor input needs a
larger model and more samples, so spending early moves the optimum of later stages.

A stage maps the quality of its input, from 0 to 1, to that of its output: a single sample of a
model has a quality that rises with its size along a logistic curve; samples raise it towards a
ceiling along a saturating exponential that ends at the stage's number of samples. All constants are
drawn from the seed. With a switch off, model ability is independent of size; or samples gain like
their logarithm, without limit; or a poor input affects the output only.
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
    """A simulated set of questions."""

    name: str
    """Salt of their random numbers."""
    mark: str
    """Prefix of their ids."""
    size: int


SEARCH_QUESTIONS = QuestionSet("questions", "q", 50)
"""As many questions as the published trials."""
HELD_OUT_QUESTIONS = QuestionSet("held out", "h", 500)
"""As many questions as published, if each is correct or wrong."""

SIZES = (3.0, 7.0, 8.0, 14.0, 32.0, 70.0, 72.0)
"""Model sizes to draw from, in billions of parameters, without near duplicates."""
_ALIKE = 1.3
_TOKENS = ((2048, 128), (1024, 64), (256, 64), (1024, 256), (1024, 512), (1024, 1024), (512, 128))
"""(prompt, output) of stages, most of them published."""
_NAMES = ("retrieve", "decompose", "select", "answer")
_BASELINE_GAIN = 256
"""Samples at which an unsaturated stage has the final gain of a saturated one."""


def draw_pipeline(simulation: Simulation) -> Pipeline:
    """Draw a pipeline of two to four stages and two to five models from a seed."""
    random = Random(f"pipeline/{simulation.seed}")
    count = random.randint(2, 4)
    sizes: list[float] = []
    for size in random.sample(SIZES, len(SIZES)):
        if all(max(size, chosen) / min(size, chosen) > _ALIKE for chosen in sizes):
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
    """Return a budget of about the largest models everywhere, so that there is a trade-off."""
    assert pipeline.simulation is not None
    random = Random(f"budget/{pipeline.simulation.seed}")
    largest = tuple(
        StageChoice(pipeline.candidates(stage)[-1].name, 1) for stage in pipeline.stages
    )
    smallest = tuple(
        StageChoice(pipeline.candidates(stage)[0].name, 4) for stage in pipeline.stages
    )
    least = cost(pipeline, smallest)
    return float(ceil(max(cost(pipeline, largest) * random.uniform(0.8, 2.0), least)))


class StageCurve(NamedTuple):
    """The random constants of one stage."""

    low: float
    high: float
    """Qualities of one sample: of a model that is far too small, and of one that is large enough.
    """
    size: float
    """Size of a model with half of the ability, in billions of parameters."""
    sharpness: float
    shifts: Mapping[str, float]
    """Offset of each model on the logistic scale: families differ."""
    room: float
    """The part of the missing quality that repetition can recover."""
    samples: float
    """Samples beyond which it gains nothing with a perfect input."""
    leaning: float
    """The part of its quality that depends on its input."""
    more_samples: float
    larger_models: float
    """How strongly a poor input raises the samples and the size that it needs."""

    def quality(
        self, model: PipelineModel, samples: float, input_quality: float, of: Simulation
    ) -> float:
        """Return the quality of the output, from 0 to 1.

        Args:
            model: The model.
            samples: How many samples.
            input_quality: The quality of the input.
            of: The simulation, with its switches.
        """
        missing = 1 - input_quality if of.coupling else 0.0
        if of.sizes:
            wanted = log(self.size) + self.larger_models * missing
            ability = _logistic(self.sharpness * (log(model.parameters) - wanted)
                                + self.shifts[model.name])  # fmt: skip
        else:
            ability = _logistic(3 * self.shifts[model.name])
        single = self.low + (self.high - self.low) * ability
        gained = self.gained(samples, missing, of)
        best = single + (1 - single) * self.room * gained
        return best * (1 - self.leaning * (1 - input_quality))

    def gained(self, samples: float, missing: float, of: Simulation) -> float:
        """Return the part of the possible gain by repetition that a number of samples reaches.

        Args:
            samples: How many samples.
            missing: What the input lacks of perfect quality.
            of: The simulation, with its switches.
        """
        if not of.saturation:
            return log(samples) / log(_BASELINE_GAIN)
        end = self.samples * (1 + self.more_samples * missing)
        progress = min(1.0, (samples - 1) / max(end - 1, 1e-9))
        return (1 - exp(-3 * progress)) / (1 - exp(-3))

    def enough(self) -> int:
        """Return the samples beyond which the stage gains nothing, with any input."""
        return ceil(self.samples * (1 + self.more_samples)) + 1


def _curve(pipeline: Pipeline, index: int, seed: int) -> StageCurve:
    random = Random(f"stage/{seed}/{index}")
    models = pipeline.candidates(pipeline.stages[index])
    smallest, largest = models[0].parameters, models[-1].parameters
    reach = log(largest / smallest)
    low, high = random.uniform(0.1, 0.4), random.uniform(0.7, 0.95)
    return StageCurve(
        low=low,
        high=high,
        size=smallest * exp(random.uniform(-0.7, 1.0) * reach),
        sharpness=random.uniform(0.8, 3.0),
        shifts={model.name: random.gauss(0.0, 0.3) for model in models},
        room=random.uniform(0.15, 0.7),
        samples=exp(random.uniform(log(3), log(40))),
        leaning=random.uniform(0.4, 0.9) if index else 0.0,
        more_samples=random.uniform(0.5, 3.0) if index else 0.0,
        larger_models=random.uniform(0.3, 1.5) if index else 0.0,
    )


class Simulator:
    """Play a simulated pipeline.

    Args:
        pipeline: A pipeline with `Pipeline.simulation`.
        governed: For each stage, its controllers: the cost of each and its share of correct
            answers, which replaces the stage's quality with a perfect input.
        questions: The questions to play.
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
            _curve(pipeline, index, self.simulation.seed) for index in range(len(pipeline.stages))
        ]
        self._governed = list(governed) or [{} for _ in pipeline.stages]
        random = Random(f"{questions.name}/{self.simulation.seed}")
        self._hardness = [random.gauss(0.0, 1.0) for _ in range(questions.size)]

    @property
    def governed(self) -> list[dict[StageChoice, float]]:
        """See `harness.allocation.trial_environment.TrialEnvironment`."""
        return [
            {choice: estimate.cost for choice, estimate in some.items()} for some in self._governed
        ]

    @cached_property
    def digest(self) -> str:
        """See `harness.allocation.trial_environment.TrialEnvironment`."""
        from store.pipelines.pipeline_file import pipeline_digest

        digest = pipeline_digest(self.pipeline, ())
        return digest if self._questions == SEARCH_QUESTIONS else f"{digest}/{self._questions.name}"

    @property
    def held_out(self) -> "Simulator | None":
        """Return the same pipeline over its held-out questions, if questions are drawn.

        ``None`` if each question counts by its probability: then held-out questions give the same
        order.
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
                QuestionResult(question=f"{self._questions.mark}{index:02d}", score=score)
                for index, score in enumerate(self._scores(quality, choices))
            ],
        )

    def quality(self, choices: StageChoices) -> float:
        """Return the quality of the last stage's output, from 0 to 1."""
        quality = 1.0
        for index, choice in enumerate(choices):
            quality = self.after(index, choice, quality)
        return quality

    def after(self, index: int, choice: StageChoice, input_quality: float) -> float:
        """Return the quality of a stage's output.

        Args:
            index: Index of the stage.
            choice: The choice of the stage.
            input_quality: The quality of its input.
        """
        curve = self.curves[index]
        if choice.controller:
            right = self._governed[index][choice].right
            return right * (1 - curve.leaning * (1 - input_quality))
        model = self.pipeline.model(choice.model)
        return curve.quality(model, choice.samples, input_quality, self.simulation)

    def expected(self, quality: float) -> float:
        """Return the expected score of a quality: the mean probability over the questions."""
        return sum(self._compute_probabilities(quality)) / self._questions.size

    def _compute_probabilities(self, quality: float) -> list[float]:
        """Return the probability of a right answer to each question, at a quality from 0 to 1."""
        inside = min(max(quality, 1e-9), 1 - 1e-9)
        middle = log(inside / (1 - inside))
        return [_logistic(middle - hardness) for hardness in self._hardness]

    def _scores(self, quality: float, choices: StageChoices) -> list[float]:
        probabilities = self._compute_probabilities(quality)
        if not self.simulation.sampled:
            return probabilities
        labels = "/".join(choice.label for choice in choices)
        if self._questions != SEARCH_QUESTIONS:
            labels = f"{self._questions.name}/{labels}"
        random = Random(blake2b(f"{self.simulation.seed}/{labels}".encode()).digest())
        return [float(random.random() < probability) for probability in probabilities]

    def optimum(self, budget: float) -> Optimum:
        """Return the best allocation within a budget, by its expected score."""
        space = AllocationSpace(self.pipeline, budget, governed=self.governed)
        most = [curve.enough() for curve in self.curves]
        best = find_optimum(space, self.after, most if self.simulation.saturation else None)
        return best._replace(score=self.expected(best.score))


class GovernedStage(NamedTuple):
    """The results of a controller in a stage, over a recording of its branches."""

    cost: float
    """Cost in the pipeline's unit."""
    right: float
    """The share of questions that it answers correctly."""
    answers: Mapping[str, str] = {}
    """Its answer to each question under the first permutation of the branches."""
    samples: float = 0.0
    """Its tokens for each question, divided by those of a sample."""


def build_simulator(simulation: Simulation) -> Simulator:
    """Return the simulator of a pipeline that is drawn from the seed too.

    Raises:
        InputError: The seed is negative.
    """
    if simulation.seed < 0:
        raise InputError("the seed of a simulation must be 0 or more")
    return Simulator(draw_pipeline(simulation))


def _logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x > -700 else 0.0

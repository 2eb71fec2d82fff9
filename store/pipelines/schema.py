"""The records of pipelines: what a file declares, and the results of a trial.

A *trial* is one allocation, carried out on every question: for each stage a model with a number of
samples, or with a controller in place of that number. New fields have defaults; none changes its
meaning.
"""

from enum import Enum
from pathlib import Path

import msgspec

VERSION = 1
"""Of the pipeline file; raised when an earlier reader would misread a later file."""


class CostUnit(Enum):
    """What budgets are counted in."""

    COMPUTE = "compute"
    """Passes of a model of 3 billion parameters with 128 prompt and 64 output tokens."""
    DOLLARS = "dollars"
    """By the models' prices."""


class Metric(Enum):
    """How the output of the last stage is compared with the gold answer."""

    EXACT = "exact"
    """The same text, but for case and white space: 0 or 1."""
    CONTAINS = "contains"
    """The gold answer is in the output: 0 or 1."""
    NUMBER = "number"
    """The last number of the output is the gold number: 0 or 1."""
    MATH = "math"
    """The gold answer's value, as docs/answers.md states: 0 or 1. Equal answers share votes."""
    F1 = "f1"
    """The overlap of words, from 0 to 1, as question answering counts it."""


class Interface(Enum):
    """The interface through which a server is queried."""

    CHAT = "chat"
    """``/v1/chat/completions``, the prompt as one turn of a user."""
    COMPLETIONS = "completions"
    """``/v1/completions``, the prompt as it is."""


class Fusion(Enum):
    """How the samples of a stage become its output."""

    MODEL = "model"
    """The stage's own model reads them all, by the template `Stage.fuse`; one sample is itself."""
    VOTE = "vote"
    """The most frequent text; the earliest of equals."""


class PipelineModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that stages may use."""

    name: str
    parameters: float
    """Billions."""
    dollars_in: float = 0.0
    """A million tokens of prompt."""
    dollars_out: float = 0.0
    """A million tokens of output."""
    served_as: str = ""
    """The name that its server knows it by; `name` where empty."""
    base_url: str = ""
    """Of a server that speaks OpenAI's protocol, ``http://HOST/v1``; a command may give another."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One stage; its output is the ``{input}`` of the next."""

    name: str
    models: list[str] = []
    """Those that it may use; all of the pipeline where empty."""
    prompt_tokens: int
    """Of one prompt: measured, or given."""
    output_tokens: int
    """Of one sample, likewise."""
    most_tokens: int = 0
    """That a sample may take where the stage is carried out; 0 for `output_tokens`."""
    prompt: str = ""
    """A template with ``{question}`` and ``{input}``, the output of the stage before."""
    fuse: str = ""
    """A template of the same with ``{samples}``; needed where samples are fused by the model."""
    fusion: Fusion = Fusion.VOTE
    choices: list[str] = []
    """Allowed output texts, enforced by servers that support it. Empty: any text."""
    extract: str = ""
    """``boxed``, ``choice`` or ``last-number`` (`store.answers.extraction`); or a pattern, whose
    first group, where it matches last, is the output. Empty: the whole text."""
    stop: list[str] = []
    """Texts that end a sample."""
    recordings: dict[str, str] = {}
    """By model, a recording of branches of this stage: a controller can govern it there."""


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline that is simulated, and what holds in it; see `harness.allocation.simulator`."""

    seed: int
    sizes: bool = True
    """Whether stages prefer particular sizes of model."""
    saturation: bool = True
    """Whether each stage has a number of samples beyond which it gains nothing."""
    coupling: bool = True
    """Whether what is spent early moves the optimum of later stages."""
    sampled: bool = False
    """Whether each question is right or wrong, as in a real trial, or counts by its probability."""


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """A task made of stages."""

    version: int = VERSION
    name: str
    unit: CostUnit = CostUnit.COMPUTE
    metric: Metric = Metric.EXACT
    temperature: float = 0.9
    """Of samples; fusing calls have 0."""
    interface: Interface = Interface.CHAT
    questions: str = ""
    """A file beside this one, a line a question: ``{"id": …, "question": …, "gold": …}``."""
    held_out: str = ""
    """A file of the same form, whose questions no search meets; `rheostat report` opens it."""
    models: list[PipelineModel] = msgspec.field(name="model")
    stages: list[Stage] = msgspec.field(name="stage")
    simulation: Simulation | None = None

    def model(self, name: str) -> PipelineModel:
        """One of its models."""
        return next(model for model in self.models if model.name == name)

    def stage(self, name: str) -> Stage:
        """One of its stages."""
        return next(stage for stage in self.stages if stage.name == name)

    def candidates(self, stage: Stage) -> list[PipelineModel]:
        """Return the models that a stage may use, the smallest first."""
        names = stage.models or [model.name for model in self.models]
        return sorted(map(self.model, names), key=lambda model: (model.parameters, model.name))


class HeldOutQuestions(msgspec.Struct, frozen=True, kw_only=True):
    """The held-out questions of a pipeline, which only `rheostat report` opens."""

    digest: str
    """Digest of the pipeline and these questions."""
    questions: int
    """How many questions there are."""
    path: Path | None = None
    """Absolute path of their file; ``None`` if they are sampled from a seed."""


class PipelineQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """One question of a pipeline."""

    id: str
    question: str
    gold: str


class StageChoice(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a stage is given: a model, and how often or by whom it is sampled."""

    model: str
    samples: int = 0
    """From 1; 0 where a controller governs."""
    controller: str = ""
    """The name of a controller, in place of a number of samples."""
    beta: float = 0.0
    """At which the controller plays."""

    @property
    def label(self) -> str:
        """As people read it: ``72B x3``, ``72B cmc@0.5``."""
        if self.controller:
            return f"{self.model} {self.controller}@{self.beta:g}"
        return f"{self.model} x{self.samples}"


StageChoices = tuple[StageChoice, ...]
"""A choice for each stage, in the order of the stages: an allocation."""


def format_choices(choices: StageChoices) -> str:
    """Return an allocation on one line."""
    return ", ".join(choice.label for choice in choices)


class StageOutput(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a stage gave for one question."""

    text: str
    """Fused."""
    tokens_in: int = 0
    """Of all its calls, the fusing one among them."""
    tokens_out: int = 0


class QuestionResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result of a trial on one question."""

    question: str
    """Its id."""
    score: float
    """From 0 to 1."""
    outputs: list[StageOutput] = []
    """In the order of the stages."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One allocation, carried out."""

    choices: StageChoices
    cost: float
    """In the pipeline's unit, by its rule: what a budget is compared with."""
    answered: list[QuestionResult]

    @property
    def score(self) -> float:
        """The mean over questions, from 0 to 1."""
        return sum(result.score for result in self.answered) / len(self.answered)

"""The options of ``rheostat collect``, and the collection plan that they describe."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from harness.cli import console
from harness.cli.model_servers import (
    ServerOptions,
    describe_inexactness,
    parse_engine_arguments,
)
from harness.cli.scorer_options import parse_scorers
from harness.errors import InputError
from store.collection.chains import read_chains
from store.collection.draw_requests import DrawSettings, ProbeSettings
from store.collection.families import Family, find_family, make_forcing
from store.collection.preparation import CollectionPlan
from store.collection.progress import Prices
from store.collection.questions import INSTRUCTIONS, read_questions
from store.collection.served_signals import ServedSignals
from store.collection.settings import Settings
from store.collection.truth_probe import DEFAULT_ASK, DEFAULT_WORD, TruthQuestion
from store.forcing import FAMILIES, Forcing, guess_family
from store.serving.constraints import compile_pattern
from store.serving.engine import Engine, Served


class CollectOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command, under the names that click uses."""

    questions: Path | None
    chains: Path | None
    benchmark: str | None
    base_urls: tuple[str, ...]
    model: str
    python: Path | None
    engine_args: tuple[str, ...]
    ranks: int
    concurrency: int
    patience: float
    branches: int
    interval: int
    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repetition_penalty: float
    seed: int
    stepwise: bool
    group: int
    family: str | None
    end: str | None
    ask: str | None
    answers: str
    equivalence: str | None
    instruction: str | None
    template: tuple[str, ...]
    probe_tokens: int
    probe_stop: tuple[str, ...]
    probe_regex: str | None
    probe_choices: bool
    entropy: bool
    logprobs: bool
    text: bool
    token_ids: bool
    licence: str | None
    price_per_hour: float
    price_in: float
    price_out: float
    engine: str = "process"
    ray_address: str = "auto"
    engines: int = 1
    gpus: float = 0.0
    allow_missing: int = 0
    self_certainty: bool = False
    mean_logprob: bool = False
    lowest_group_logprob: int | None = None
    p_true: bool = False
    p_true_ask: str | None = None
    p_true_word: str | None = None
    scorers: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    server: str | None = None

    @property
    def equivalence_method(self) -> str:
        """How answers are compared: mathematically by default if they are boxed."""
        return self.equivalence or ("math-verify" if self.answers == "boxed" else "exact")

    @property
    def serving(self) -> ServerOptions:
        """Where the model is served."""
        return ServerOptions(
            self.base_urls, self.model, self.ranks, self.concurrency, self.patience, self.python,
            self.engine_args, self.ray_address if self.engine == "ray" else None, self.engines,
            self.gpus, self.server,
        )  # fmt: skip

    @property
    def prices(self) -> Prices:
        """Prices of tokens and hours."""
        return Prices(
            per_hour=self.price_per_hour,
            per_million_in=self.price_in,
            per_million_out=self.price_out,
        )

    def work(self, equivalence: str) -> CollectionPlan:
        """Return the collection plan.

        Args:
            equivalence: The name of the answer equivalence, for the recording.

        Raises:
            InputError: Options contradict each other.
            SourceError: The file of questions or chains is malformed.
        """
        if (self.questions is None) == (self.chains is None):
            raise InputError("give the questions with --questions, or existing chains with --from")
        if self.chains is not None:
            read = read_chains(self.chains)
            settings = self.settings(self.chains.stem, equivalence)
            return CollectionPlan(
                settings, read.questions, 0, read.chains, self.group, self.allow_missing, read
            )
        file = self.questions or Path()
        questions = read_questions(file).questions
        settings = self.settings(file.stem, equivalence)
        return CollectionPlan(
            settings, questions, self.branches, None, self.group, self.allow_missing
        )

    def settings(self, stem: str, equivalence: str) -> Settings:
        """Return how branches are generated, probed and parsed.

        If no option names the model family, forced texts are unset until `with_family` has queried
        the server.

        Args:
            stem: The name of the benchmark, unless an option sets it.
            equivalence: As in `work`.

        Raises:
            InputError: From `work`.
        """
        served = self._served_signals()
        if self.chains is not None and (self.stepwise or self.logprobs or served.needs_logprobs):
            raise InputError(
                "existing chains are not sampled: leave out --stepwise, --logprobs,"
                " --self-certainty, --mean-logprob and --lowest-group-logprob"
            )
        self._refuse_bad_expression()
        instruction = self.instruction
        if instruction is None:
            instruction = INSTRUCTIONS.get(self.answers, "")
        return Settings(
            benchmark=self.benchmark or stem,
            drawing=self._drawing(logprobs=self.logprobs or served.needs_logprobs),
            probing=ProbeSettings(
                max_tokens=self.probe_tokens,
                stop=[unescape_text(text) for text in self.probe_stop],
                regex=self.probe_regex,
            ),
            forcing=self.forcing(Family(self.family or guess_family(self.model) or "plain")),
            extraction=self.answers,
            equivalence=equivalence,
            instruction=instruction,
            template=parse_engine_arguments(self.template),
            stepwise=self.stepwise,
            choices=self.probe_choices,
            entropy=self.entropy,
            text=self.text,
            token_ids=self.token_ids,
            source=None if self.chains is None else self.chains.name,
            licence=self.licence,
            served=served,
            scorers=parse_scorers(self.scorers, self.signals),
        )

    def _served_signals(self) -> ServedSignals:
        """Return which named signals of the server are requested."""
        truth = None
        if self.p_true:
            truth = TruthQuestion(
                ask=DEFAULT_ASK if self.p_true_ask is None else unescape_text(self.p_true_ask),
                word=DEFAULT_WORD if self.p_true_word is None else unescape_text(self.p_true_word),
            )
            if not truth.word:
                raise InputError("--p-true-word: is empty; give the reply that means true")
        elif self.p_true_ask is not None or self.p_true_word is not None:
            raise InputError("--p-true-ask and --p-true-word change --p-true; give --p-true too")
        return ServedSignals(
            self_certainty=self.self_certainty,
            mean_logprob=self.mean_logprob,
            lowest_group=self.lowest_group_logprob,
            truth=truth,
        )

    def _drawing(self, *, logprobs: bool) -> DrawSettings:
        return DrawSettings(
            interval=self.interval,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            min_p=self.min_p,
            repetition_penalty=self.repetition_penalty,
            seed=self.seed,
            logprobs=logprobs,
        )

    def forcing(self, family: Family) -> Forcing:
        """Return the forced texts of a model family, from the options."""
        return make_forcing(
            family,
            end=None if self.end is None else unescape_text(self.end),
            ask=None if self.ask is None else unescape_text(self.ask),
        )

    def _refuse_bad_expression(self) -> None:
        """Raise `InputError` if the regular expression of probes is malformed."""
        import regex

        try:
            compile_pattern(self.probe_regex or "")
        except regex.error as error:
            problem = f"--probe-regex: not a regular expression: {error}"
            raise InputError(problem) from error


def warn_of_equal_branches(settings: Settings, branches: int) -> None:
    """Warn if every branch of a question will be the same.

    Args:
        settings: How branches are generated.
        branches: How many branches each question has.
    """
    if settings.source is None and settings.drawing.temperature == 0 and branches > 1:
        console.warn(
            f"--temperature 0: all {branches} branches of a question will be identical, so a vote"
            " among them decides nothing"
        )


def warn_of_inexact_steps(settings: Settings, served: Served) -> None:
    """Warn if live episodes cannot be expected to equal those of the recording.

    Args:
        settings: How branches are generated.
        served: The model and its server.
    """
    if settings.stepwise and not served.repeats:
        console.warn(
            f"--stepwise: {describe_inexactness(served)}; live episodes agree with this recording"
            " as distributions"
        )


async def with_family(options: CollectOptions, settings: Settings, engine: Engine) -> Settings:
    """Return settings with the forced texts of the served model.

    Args:
        options: The options.
        settings: From `CollectOptions.settings`.
        engine: The engine that serves the model.

    Raises:
        InputError: From `family_served`.
        ServingError: From `family_served`.
    """
    family = await family_served(options, settings, engine)
    return msgspec.structs.replace(settings, forcing=options.forcing(family))


async def family_served(options: CollectOptions, settings: Settings, engine: Engine) -> Family:
    """Return the family of the served model.

    Args:
        options: The options; a family that they name takes precedence.
        settings: From `CollectOptions.settings`.
        engine: The engine that serves the model.

    Raises:
        InputError: Neither the chat template nor the model's name shows the family.
        ServingError: The server does not respond.
    """
    if options.family is not None:
        return Family(options.family)
    family = await find_family(engine, options.model, settings.template)
    if family is None:
        raise InputError(
            f"--model {options.model}: cannot tell from the name or the chat template how the"
            " model marks its thinking",
            hint=f"give --family, one of {', '.join(FAMILIES)}",
        )
    return family


def build_options(values: Mapping[str, object]) -> CollectOptions:
    """Return the options from click's parameters."""
    return CollectOptions(**values)  # type: ignore[arg-type]


def unescape_text(text: str) -> str:
    r"""Replace ``\n`` and ``\t`` in a text from a command line by a line feed and a tab."""
    return text.replace("\\n", "\n").replace("\\t", "\t")

"""The options of ``rheostat collect``, and the work that they ask for."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from harness.cli.serving import Serving, arguments
from harness.errors import InputError
from store.collection.chains import read_chains
from store.collection.forcing import FAMILIES, Forcing, family_of
from store.collection.progress import Prices
from store.collection.prompts import INSTRUCTIONS
from store.collection.questions import read_questions
from store.collection.requests import Drawing, Probing
from store.collection.settings import Settings
from store.collection.work import Work


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command, under the names in which click hands them over."""

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

    @property
    def sameness(self) -> str:
        """How answers are held equal: by mathematics where they are boxed, unless it is said."""
        return self.equivalence or ("math-verify" if self.answers == "boxed" else "exact")

    @property
    def serving(self) -> Serving:
        """Where the model is served."""
        return Serving(
            self.base_urls, self.model, self.ranks, self.concurrency, self.patience, self.python,
            self.engine_args, self.ray_address if self.engine == "ray" else None, self.engines,
            self.gpus,
        )  # fmt: skip

    @property
    def prices(self) -> Prices:
        """What it costs."""
        return Prices(
            per_hour=self.price_per_hour,
            per_million_in=self.price_in,
            per_million_out=self.price_out,
        )

    def work(self, equivalence: str) -> Work:
        """What is to be collected.

        Args:
            equivalence: the name under which the recording says how answers are held equal.

        Raises:
            InputError: options contradict each other, or the model's family is not known.
            SourceError: the file of questions or chains is malformed.
        """
        if (self.questions is None) == (self.chains is None):
            raise InputError("name questions with --questions, or chains that exist with --from")
        if self.chains is not None:
            read = read_chains(self.chains)
            settings = self.settings(self.chains.stem, equivalence)
            return Work(settings, read.asked, 0, read.chains, self.group)
        file = self.questions or Path()
        asked = read_questions(file).asked
        return Work(self.settings(file.stem, equivalence), asked, self.branches, None, self.group)

    def settings(self, stem: str, equivalence: str) -> Settings:
        """How branches are drawn, probed and read.

        Args:
            stem: what the benchmark is called, where no option says so.
            equivalence: as in `work`.

        Raises:
            InputError: as `work`.
        """
        if self.chains is not None and (self.stepwise or self.logprobs):
            raise InputError("chains that exist are not drawn: leave --stepwise and --logprobs out")
        instruction = self.instruction
        if instruction is None:
            instruction = INSTRUCTIONS.get(self.answers, "")
        return Settings(
            benchmark=self.benchmark or stem,
            drawing=self._drawing(),
            probing=Probing(
                max_tokens=self.probe_tokens,
                stop=[unescaped(text) for text in self.probe_stop],
                regex=self.probe_regex,
            ),
            forcing=self._forcing(),
            extraction=self.answers,
            equivalence=equivalence,
            instruction=instruction,
            template=arguments(self.template),
            stepwise=self.stepwise,
            choices=self.probe_choices,
            entropy=self.entropy,
            text=self.text,
            token_ids=self.token_ids,
            source=None if self.chains is None else self.chains.name,
            licence=self.licence,
        )

    def _drawing(self) -> Drawing:
        return Drawing(
            interval=self.interval,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            min_p=self.min_p,
            repetition_penalty=self.repetition_penalty,
            seed=self.seed,
            logprobs=self.logprobs,
        )

    def _forcing(self) -> Forcing:
        family = self.family or family_of(self.model)
        if family is None:
            raise InputError(
                f"--model {self.model}: the name does not tell how the model thinks",
                hint=f"say --family, one of {', '.join(FAMILIES)}",
            )
        usual = FAMILIES[family]
        return Forcing(
            end=usual.end if self.end is None else unescaped(self.end),
            ask=usual.ask if self.ask is None else unescaped(self.ask),
            mark=usual.mark,
        )


def options(given: Mapping[str, object]) -> Options:
    """The options as click hands them over."""
    return Options(**given)  # type: ignore[arg-type]


def unescaped(text: str) -> str:
    r"""Text as it is typed on a command line, with ``\n`` and ``\t`` as in most languages."""
    return text.replace("\\n", "\n").replace("\\t", "\t")

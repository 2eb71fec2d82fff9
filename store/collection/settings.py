"""Settings that decide the contents of a recording, and their form in its provenance."""

import msgspec

from store.collection.draw_requests import DrawSettings, ProbeSettings
from store.collection.scorers import Scorer, declare_scores
from store.collection.served_signals import ServedSignals
from store.forcing import Forcing
from store.records import Probes, Provenance, Sampling, SignalDeclaration
from store.serving.engine import Served

COLLECTOR = "rheostat collect 1"
"""Who made the branches. The number rises when the same settings would give other bytes."""

WHOLE = "blake2b(question, base, id) + branch"
STEPWISE = "blake2b(interval, base, id, branch, interval)"
"""How seeds come about; `store.collection.draw_requests` has the two rules."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What is collected. Everything that affects the recording is in the provenance."""

    benchmark: str
    drawing: DrawSettings
    probing: ProbeSettings
    forcing: Forcing
    extraction: str = "boxed"
    equivalence: str = "exact"
    instruction: str = ""
    template: dict[str, str | int | float | bool] = {}
    stepwise: bool = False
    choices: bool = False
    """Constrain probes to the letters of the question's choices."""
    entropy: bool = False
    text: bool = False
    token_ids: bool = False
    source: str | None = None
    """The file that chains come from, where they are not drawn here."""
    licence: str | None = None
    served: ServedSignals = ServedSignals()
    """Named signals of the server. Some need the log-probabilities of ``drawing``."""
    scorers: list[Scorer] = []
    """Programs that score whole branches."""


def make_provenance(settings: Settings, served: Served) -> Provenance:
    """Return the provenance of the recording."""
    return Provenance(
        model=served.model,
        benchmark=settings.benchmark,
        interval=settings.drawing.interval,
        collector=COLLECTOR,
        source=settings.source,
        prompt_template="{question}" + (settings.instruction and f"\n\n{settings.instruction}"),
        forcing=settings.forcing.text,
        sampling=Sampling() if settings.source else _sampling(settings.drawing),
        extraction=settings.extraction,
        equivalence=settings.equivalence,
        licence=settings.licence,
        stepwise=settings.stepwise,
        engine=served.software,
        template=settings.template,
        seeding=None if settings.source else (STEPWISE if settings.stepwise else WHOLE),
        probes=Probes(
            end=settings.forcing.end,
            ask=settings.forcing.ask,
            mark=settings.forcing.mark,
            max_tokens=settings.probing.max_tokens,
            stop=settings.probing.stop,
            regex=settings.probing.regex,
            choices=settings.choices,
        ),
        signals=_declare_signals(settings),
    )


def _declare_signals(settings: Settings) -> dict[str, SignalDeclaration]:
    signals = declare_scores(settings.scorers) | settings.served.declare()
    return dict(sorted(signals.items()))


def parse_settings(provenance: Provenance) -> Settings | None:
    """Return the settings that made a recording, as far as they decide draws and answers.

    ``None`` if its provenance has none: it was imported, or simulated.
    """
    sampling, probes = provenance.sampling, provenance.probes
    if not provenance.collector.startswith("rheostat collect") or probes is None:
        return None
    return Settings(
        benchmark=provenance.benchmark,
        drawing=DrawSettings(
            interval=provenance.interval,
            max_tokens=sampling.max_tokens or 0,
            temperature=_number(sampling.temperature, 1.0),
            top_p=_number(sampling.top_p, 1.0),
            top_k=sampling.top_k or 0,
            min_p=_number(sampling.extra.get("min_p"), 0.0),
            repetition_penalty=_number(sampling.extra.get("repetition_penalty"), 1.0),
            seed=sampling.seed or 0,
        ),
        probing=ProbeSettings(max_tokens=probes.max_tokens, stop=probes.stop, regex=probes.regex),
        forcing=Forcing(end=probes.end, ask=probes.ask, mark=probes.mark),
        extraction=provenance.extraction or "boxed",
        equivalence=provenance.equivalence,
        template=provenance.template,
        stepwise=provenance.stepwise,
        choices=probes.choices,
        source=provenance.source,
    )


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default


def _sampling(drawing: DrawSettings) -> Sampling:
    return Sampling(
        temperature=drawing.temperature,
        top_p=drawing.top_p,
        top_k=drawing.top_k,
        max_tokens=drawing.max_tokens,
        seed=drawing.seed,
        extra={"min_p": drawing.min_p, "repetition_penalty": drawing.repetition_penalty},
    )

"""The served model of live episodes: how to generate, probe and parse."""

from collections.abc import Sequence
from copy import copy
from itertools import cycle
from typing import NamedTuple

import msgspec

from harness.errors import InputError
from store.collection.draw_requests import ProbeSettings
from store.collection.probing import AnswerRules
from store.collection.served_signals import SERVED_NAMES
from store.collection.settings import Settings
from store.collection.truth_probe import TruthTokens
from store.forcing import ForcingTokens
from store.serving.endpoints import Endpoint


class PosedQuestion(NamedTuple):
    """One question as sent to the model."""

    id: str
    """The question's id, which enters the seeds of its branches."""
    prompt: Sequence[int]
    """The prompt in tokens, up to the model's reply."""
    probing: ProbeSettings
    """Settings of probes."""
    gold: str | None = None
    """The gold answer, whose form equal answers take; ``None`` if unknown."""
    letters: str | None = None
    """The letters of its choices as one string; ``None`` if it has none."""
    known: Sequence[str] = ()
    """Known forms of answers, such as those of a recording."""
    missing: Sequence[int] = ()
    """Indexes of branches to skip, ascending: those that a recording lacks."""

    def branch_index(self, position: int) -> int:
        """Return the index of a branch among all of the question, which enters its seeds."""
        index = position
        for missing in self.missing:
            index += missing <= index
        return index


class LiveModel:
    """The model that all live episodes share.

    Args:
        endpoints: Servers for requests. A branch stays on its first server, because its prefix is
            cached there.
        settings: How branches are generated, probed and parsed.
        forced: The tokens that make the model answer.
        reading: How answers are extracted and compared.
        truth: The question of P(True) in tokens, if the settings request it.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        settings: Settings,
        forced: ForcingTokens,
        reading: AnswerRules,
        truth: TruthTokens | None = None,
    ):
        self.settings = settings
        self.truth = truth
        self.forced = forced
        self.reading = reading
        self._endpoints = cycle(endpoints)

    @property
    def signals(self) -> frozenset[str]:
        """The signals that are requested."""
        signals = {"entropy"} if self.settings.entropy else set()
        if self.settings.drawing.logprobs:
            signals |= {"logprob", "top_logprob"}
        return frozenset(signals | self.settings.served.declare().keys())

    def next_endpoint(self) -> Endpoint:
        """Return the server for a new branch: each server in turn."""
        return next(self._endpoints)

    def by(self, settings: Settings, forced: ForcingTokens | None = None) -> "LiveModel":
        """Return the same model on the same servers, with other settings.

        Args:
            settings: How branches are generated, probed and parsed.
            forced: The tokens that make the model answer, if they differ.
        """
        other = copy(self)
        other.settings = settings
        other.forced = forced or self.forced
        return other

    def refuse_unmet_needs(self, name: str, needs: frozenset[str]) -> None:
        """Raise `InputError` if a program reads a signal that is not requested."""
        missing = sorted(needs - self.signals)
        if missing:
            other = [signal for signal in missing if signal not in _FLAGS]
            if other:
                raise InputError(
                    f"`{name}` needs {' and '.join(other)}, which no request to a server gives",
                    hint=f"live episodes have {', '.join(_FLAGS)}; replay a recording of it",
                )
            flags = {_FLAGS[signal] for signal in missing}
            raise InputError(
                f"`{name}` needs {' and '.join(missing)}, but requests to the server omit it",
                hint=f"add {' and '.join(sorted(flags))}",
            )


_FLAGS = {
    "entropy": "--entropy",
    "logprob": "--logprobs",
    "top_logprob": "--logprobs",
    **{name: f"--{name.replace('_', '-')}" for name in SERVED_NAMES},
}
"""The signals of live episodes, with the options that request them."""


def with_signals(settings: Settings, needs: frozenset[str]) -> Settings:
    """Return the settings with the signals that a program reads.

    The generated tokens are the same with and without signals.
    """
    drawing, served = settings.drawing, settings.served.with_needs(needs)
    if served.needs_logprobs or needs & {"logprob", "top_logprob"}:
        drawing = msgspec.structs.replace(drawing, logprobs=True)
    entropy = settings.entropy or "entropy" in needs
    return msgspec.structs.replace(settings, drawing=drawing, entropy=entropy, served=served)

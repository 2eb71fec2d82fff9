"""The model behind some servers, as live episodes use it: how it is drawn from, probed and read."""

from collections.abc import Sequence
from copy import copy
from itertools import cycle
from typing import NamedTuple

import msgspec

from harness.errors import InputError
from store.collection.draw_requests import ProbeSettings
from store.collection.probing import AnswerRules
from store.collection.settings import Settings
from store.forcing import ForcingTokens
from store.serving.endpoints import Endpoint


class PosedQuestion(NamedTuple):
    """One question, as it is put to the model."""

    id: str
    """Enters the seeds of its branches."""
    prompt: Sequence[int]
    """In tokens, up to where the model replies."""
    probing: ProbeSettings
    """How it is probed."""
    gold: str | None = None
    """The right answer, whose form an equal one takes; ``None`` where nobody knows it."""
    letters: str | None = None
    """The letters of its choices in a row; ``None`` where it has none."""
    known: Sequence[str] = ()
    """Forms that its answers have already, such as those of a recording."""
    missing: Sequence[int] = ()
    """Indexes of branches that are not drawn, rising: those that a recording lacks."""

    def branch_index(self, position: int) -> int:
        """Return the index of a branch among all of the question, which enters its seeds."""
        index = position
        for missing in self.missing:
            index += missing <= index
        return index


class LiveModel:
    """What all live episodes share.

    Args:
        places: where requests go. A branch stays where it began, since its prefix is cached there.
        settings: how branches are drawn, probed and read.
        forced: what makes the model answer, in its own tokens.
        reading: how answers are read, and held equal.
    """

    def __init__(
        self,
        places: Sequence[Endpoint],
        settings: Settings,
        forced: ForcingTokens,
        reading: AnswerRules,
    ):
        self.settings = settings
        self.forced = forced
        self.reading = reading
        self._places = cycle(places)

    @property
    def signals(self) -> frozenset[str]:
        """The signals that are asked for."""
        found = {"entropy"} if self.settings.entropy else set()
        if self.settings.drawing.logprobs:
            found |= {"logprob", "top_logprob"}
        return frozenset(found)

    def place(self) -> Endpoint:
        """Where a new branch is drawn: each place in turn."""
        return next(self._places)

    def by(self, settings: Settings, forced: ForcingTokens | None = None) -> "LiveModel":
        """Return the same model at the same places, drawn from in another way.

        Args:
            settings: how branches are drawn, probed and read.
            forced: what makes the model answer, where it is another.
        """
        other = copy(self)
        other.settings = settings
        other.forced = forced or self.forced
        return other

    def refuse_unmet_needs(self, name: str, needs: frozenset[str]) -> None:
        """Raise `InputError` where a program reads a signal that is not asked for."""
        missing = sorted(needs - self.signals)
        if missing:
            flags = {"--entropy" if signal == "entropy" else "--logprobs" for signal in missing}
            raise InputError(
                f"`{name}` needs {' and '.join(missing)}, which the server is not asked for",
                hint=f"say {' and '.join(sorted(flags))}",
            )


def with_signals(settings: Settings, needs: frozenset[str]) -> Settings:
    """Return the same settings, with those signals asked for that a program reads.

    What is drawn is the same with and without them.
    """
    drawing = settings.drawing
    if needs & {"logprob", "top_logprob"}:
        drawing = msgspec.structs.replace(drawing, logprobs=True)
    entropy = settings.entropy or "entropy" in needs
    return msgspec.structs.replace(settings, drawing=drawing, entropy=entropy)

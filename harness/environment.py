"""Environments: recordings made ready for replay, with the gold answers for the scoring side."""

from collections.abc import Sequence
from typing import NamedTuple

from harness.replay import Chain, Deck
from store.reader import Recording


class Environment(NamedTuple):
    """One recording ready for replay. Scoring alone may read ``gold``."""

    decks: Sequence[Deck]
    gold: Sequence[str]


def environment(recording: Recording) -> Environment:
    """Makes a recording ready for replay; its texts stay on disk."""
    provenance = recording.provenance
    decks = [
        Deck(_chains(recording, question), provenance.interval, provenance.probed)
        for question in range(len(recording.questions))
    ]
    return Environment(decks, [question.gold for question in recording.questions])


def _chains(recording: Recording, question: int) -> list[Chain]:
    core = recording.core(question)
    words = core.answers
    probes = [words[index] for index in core.probes.tolist()]
    signals = {
        name: recording.signal(question, name)
        for name in ("entropy", "logprob", "top_logprob")
        if name in recording.signals
    }
    cuts = {
        name: _cut(ragged.counts.tolist(), ragged.values.tolist())
        for name, ragged in signals.items()
    }
    chains = []
    start = 0
    columns = zip(core.counts.tolist(), core.tokens.tolist(), core.final.tolist(), strict=True)
    for branch, (count, tokens, final) in enumerate(columns):
        parts = {name: cut[branch] for name, cut in cuts.items()}
        chains.append(Chain(probes[start : start + count], tokens, words[final], **parts))
        start += count
    return chains


def _cut(counts: list[int], values: list[float]) -> list[list[float]]:
    """Values laid end to end, as one list for each branch."""
    parts = []
    start = 0
    for count in counts:
        parts.append(values[start : start + count])
        start += count
    return parts

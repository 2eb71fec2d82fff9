"""A byte-pair encoder, trained in the test: a token count that is independent of ours."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

Pair = tuple[bytes, bytes]

_PIECES = re.compile(r" ?[^\W\d_]+| ?\d{1,3}| ?[^\s\w]+|_+|\s+")


class BytePairs:
    """Learn merges from texts, the most frequent pair first; ties are ordered by bytes."""

    def __init__(self, texts: Iterable[str], merges: int):
        pieces = Counter(piece for text in texts for piece in _PIECES.findall(text))
        spelt = {symbols: [bytes([byte]) for byte in symbols.encode()] for symbols in pieces}
        counts: Counter[Pair] = Counter()
        positions: defaultdict[Pair, set[str]] = defaultdict(set)
        for symbols, parts in spelt.items():
            for pair in pairwise(parts):
                counts[pair] += pieces[symbols]
                positions[pair].add(symbols)
        self._ranks: dict[Pair, int] = {}
        for rank in range(merges):
            best = max(counts, key=lambda pair: (counts[pair], pair), default=None)
            if best is None or counts[best] < 2:
                break
            self._ranks[best] = rank
            for symbols in positions.pop(best):
                parts = spelt[symbols]
                for pair in pairwise(parts):
                    counts[pair] -= pieces[symbols]
                spelt[symbols] = parts = _merged(parts, best)
                for pair in pairwise(parts):
                    counts[pair] += pieces[symbols]
                    positions[pair].add(symbols)
            del counts[best]

    def count(self, text: str) -> int:
        """Encode a text into tokens."""
        return sum(len(self._encode(piece)) for piece in _PIECES.findall(text))

    def _encode(self, piece: str) -> list[bytes]:
        parts = [bytes([byte]) for byte in piece.encode()]
        while True:
            pairs = [p for p in pairwise(parts) if p in self._ranks]
            if not pairs:
                return parts
            parts = _merged(parts, min(pairs, key=lambda pair: self._ranks[pair]))


def _merged(parts: list[bytes], pair: Pair) -> list[bytes]:
    out: list[bytes] = []
    for part in parts:
        if out and (out[-1], part) == pair:
            out[-1] += part
        else:
            out.append(part)
    return out

"""Random draws that depend only on the seed, the question and the number of the draw.

Draws are counted, not chained: draw k of an episode is output k of SplitMix64 from a state of its
own. That state is output q of SplitMix64 from another, q being the question, which in turn is
output 0 from the seed. All of it is arithmetic modulo 2**64, so the bits are the same everywhere;
no draw depends on how many other episodes ran before, or beside.
"""

from typing import Final

from dsl.beta import beta_quantile

_MASK: Final = 2**64 - 1
_GAMMA: Final = 0x9E3779B97F4A7C15
_UNIT: Final = 2.0**-53


def splitmix64(state: int, number: int) -> int:
    """Output ``number``, from 0, of SplitMix64 started from ``state``: 64 bits.

    Args:
        state: any integer, taken modulo 2**64, so -1 is the same state as 2**64 - 1.
        number: index of the output; any integer, taken modulo 2**64.
    """
    bits = (state + (number + 1) * _GAMMA) & _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return bits ^ (bits >> 31)


class EpisodeRandom:
    """The draws of one episode, one after the other. Every call below takes exactly one.

    Args:
        seed: any integer, taken modulo 2**64.
        question: the question's position in its recording; any integer, taken modulo 2**64.
    """

    __slots__ = ("number", "state")

    def __init__(self, seed: int, question: int):
        self.state = splitmix64(splitmix64(seed, 0), question)
        """What the draws of this episode come from."""
        self.number = 0
        """How many draws have been taken."""

    def uniform(self) -> float:
        """Draw a multiple of 2**-53 in [0, 1), all equally likely: the top 53 of 64 bits."""
        bits = splitmix64(self.state, self.number)
        self.number += 1
        return (bits >> 11) * _UNIT

    def chance(self, probability: float) -> bool:
        """Return true with this probability: never at or below 0, always at or above 1."""
        return self.uniform() < probability

    def draw_beta(self, a: float, b: float) -> float:
        """Return a draw from Beta(a, b): `dsl.beta.beta_quantile` of a uniform one.

        A shape at or below 0 is a limit: 0.0 where only ``a`` is, 1.0 where only ``b`` is, either
        with even odds where both are.
        """
        return beta_quantile(self.uniform(), a, b)

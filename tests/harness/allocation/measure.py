"""How large the published space of ChatDev is, and how fast it is gone through.

``python -m tests.harness.allocation.measure`` prints the count, the seconds of the processor that
counting took, and how many allocations a second are listed in order and drawn at random.
"""

import time
from itertools import islice
from random import Random

from harness.allocation.space import AllocationSpace
from harness.cli.output import emit_text
from tests.harness.allocation.test_budget_and_space import CHATDEV

BUDGET = 1768
LISTED, DRAWN = 500_000, 20_000


def main() -> None:
    """Count, list and draw."""
    begun = time.process_time()
    space = AllocationSpace(CHATDEV, BUDGET)
    count = len(space)
    counted = time.process_time()
    listed = sum(1 for _ in islice(space, LISTED))
    gone_through = time.process_time()
    chance = Random(0)
    for _ in range(DRAWN):
        space.draw(chance)
    drawn = time.process_time()
    emit_text(f"{count:,} allocations, counted in {counted - begun:.2f} s")
    emit_text(f"{listed / (gone_through - counted):,.0f} a second listed")
    emit_text(f"{DRAWN / (drawn - gone_through):,.0f} a second drawn")


if __name__ == "__main__":
    main()

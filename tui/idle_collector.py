"""Full garbage collections while the user does nothing.

A full collection visits every object of the process, and nothing is drawn in the meantime. Textual
makes thousands of objects for each screen, so Python would start one while a screen is opened.
"""

import gc
from time import monotonic

NEVER = 1_000_000_000
IDLE_SECONDS = 2.0
"""Seconds without a key or the mouse after which the user seems idle."""

DUE = 20
"""Collections of younger objects after which a full one is worth its time; Python has 10."""


class IdleCollector:
    """Replaces automatic full collections by ones while the user is idle."""

    def __init__(self) -> None:
        self._thresholds = gc.get_threshold()
        self._last_input = monotonic()

    def start(self) -> None:
        """Stop automatic full collections; no collection visits the present objects again."""
        gc.freeze()
        young, middle, _ = self._thresholds
        gc.set_threshold(young, middle, NEVER)

    def stop(self) -> None:
        """Let Python collect again."""
        gc.set_threshold(*self._thresholds)
        gc.unfreeze()

    def note_input(self) -> None:
        """Note that the user pressed a key or used the mouse."""
        self._last_input = monotonic()

    def collect_if_idle(self) -> bool:
        """Collect if the user is idle and it is worth it; return whether it did."""
        is_idle = monotonic() - self._last_input >= IDLE_SECONDS
        if not is_idle or gc.get_count()[2] < DUE:
            return False
        gc.collect()
        return True

"""With what the commands play for a report: the settings' threads and cache, a bar, warnings."""

from collections.abc import Mapping

from agents.report.playing import Hands
from harness.cli import console
from harness.cli.playing import means
from harness.cli.settings import Settings, load
from harness.evaluation.results import Results


def hands(flags: Mapping[str, object]) -> Hands:
    """What a report is played with.

    Args:
        flags: the settings ``threads`` and ``cache_dir`` as typed, ``None`` where they were not.
    """
    chosen = load(Settings, flags=flags)
    return Hands(Results(chosen.cache_dir), means(chosen), console.progress, console.warn)

"""Words and numbers as briefs spell them."""

from agents.run.records import Gain


def shortened(text: str, most: int) -> str:
    """A text on one line, cut where it is longer than ``most`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def gain(found: Gain) -> str:
    """A gain with its interval and its rival."""
    return f"{found.value:+.2f} ({found.low:+.2f}..{found.high:+.2f}) over `{found.against}`"

"""How often what was held out was opened, in words."""

from collections.abc import Sequence

from agents.report.document import Block, Bullets, Paragraph
from agents.report.records import Opening
from agents.report.wording import listed


def openings_told(opened: Sequence[Opening], entrants: str) -> list[Block]:
    """When it was opened, and for whom.

    Args:
        opened: the openings so far.
        entrants: what is played over it: ``programs``, or ``allocations``.
    """
    first = f"{opened[0].at:%Y-%m-%d %H:%M} UTC" if opened else "now"
    if len(opened) < 2:
        return [Paragraph([f"Opened once, by the report, at {first}; nothing before had met it."])]
    told = [
        [f"{each.at:%Y-%m-%d %H:%M} UTC: {listed(each.programs) or 'baselines alone'}"]
        for each in opened
    ]
    return [
        Paragraph(
            [
                (
                    f"Opened by the report, {len(opened)} times for {entrants} that had not"
                    " met it. What is chosen after the first of them is no longer judged by"
                    " something unseen."
                )
            ]
        ),
        Bullets(told),
    ]

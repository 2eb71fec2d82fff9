"""The part of a report on the winner: what it came from, its schedule, its lines."""

from agents.report import plots, sheets
from agents.report.document import (
    Block,
    Bullets,
    Code,
    Gallery,
    Heading,
    Lines,
    Listing,
    Paragraph,
    Picture,
    Quote,
    spans,
)
from agents.report.records import Ancestor, Report, Winner
from agents.report.wording import listed, setting
from agents.run.wording import several
from harness.cli.profile_page import hindsight


def closely(report: Report) -> list[Block]:
    """The part; nothing where there is no winner, or it was not looked at."""
    winner = report.winner
    if winner is None:
        return []
    return [
        Heading(2, "The controller"),
        *_origin(winner),
        *_schedule(winner),
        Heading(3, "What its lines do"),
        Paragraph([_profiled(winner)]),
        Lines(winner.profile),
        Listing(hindsight(winner.profile.hindsight)),
    ]


def _origin(winner: Winner) -> list[Block]:
    found: list[Block] = [Heading(3, "What it came from")]
    if winner.tuned:
        found.append(Paragraph([f"Its constants were fitted: {listed(winner.tuned)}."]))
    for each in winner.descent:
        found += _ancestor(each)
    return found


def _ancestor(each: Ancestor) -> list[Block]:
    main, others = each.parents[:1], each.parents[1:]
    crossed = f", with {listed(others)}" if others else ""
    if not main:
        found: list[Block] = [
            Paragraph([Code(each.candidate), f", by {each.proposer}, from nothing."])
        ]
    else:
        changed = f": {each.headline}." if each.headline else "."
        found = [
            Paragraph(
                [
                    Code(each.candidate),
                    f", by {each.proposer}, from ",
                    Code(main[0]),
                    f"{crossed}{changed}",
                ]
            )
        ]
    if each.words:
        found.append(Quote(each.words))
    if each.details:
        found.append(Bullets([spans(detail) for detail in each.details]))
    return found


def _schedule(winner: Winner) -> list[Block]:
    if not winner.schedule:
        return []
    return [
        Heading(3, "How its knobs follow beta"),
        Gallery([Picture(plots.schedule(winner, "schedule"), "Each knob over beta")]),
        sheets.knobs(winner.schedule, winner.betas),
    ]


def _profiled(winner: Winner) -> str:
    at = setting(0.5 if winner.schedule else None, winner.settings)
    profile = winner.profile
    share = 100 * profile.right / max(profile.episodes, 1)
    return (
        f"Over the search set at {at}, {several(winner.profile_seeds, 'shuffle')}:"
        f" {profile.episodes:,} episodes, {share:.1f} % right, {profile.tokens:,} tokens. A line"
        " has the tokens that its verbs were charged, and the episodes that it ended, with the"
        " share of them that were right."
    )

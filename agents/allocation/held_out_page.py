"""What came of the held-out questions, as blocks and in sentences that every face shows."""

from collections.abc import Sequence

from agents.allocation.estimates import Estimate
from agents.allocation.told import HeldOutTold, Judged, amount
from agents.report.document import Block, Code, Heading, Paragraph
from agents.report.openings import openings_told
from agents.report.sheets import Sheet
from agents.report.wording import NONE, bounds, listed, plain, signed
from agents.run.wording import several


def held_out_blocks(told: HeldOutTold | None) -> list[Block]:
    """The section of a report or of a card."""
    if told is None:
        return []
    page: list[Block] = [Heading(2, "On what was held out")]
    if told.unseen is None:
        page.append(
            Paragraph(
                [
                    f"{several(told.questions, 'question')} are held out, and are shut; ",
                    Code("rheostat report"),
                    " opens them once the run has ended, on servers with ",
                    Code("--open-held-out"),
                    ".",
                ]
            )
        )
    else:
        page += openings_told(told.opened, "allocations")
    if told.search is not None:
        page.append(judged_sheet(told.search, told.unseen))
    page += [Paragraph([each]) for each in held_out_sentences(told)]
    given = listed([f"{each.stage} {amount(each)}" for each in told.baseline])
    page.append(Paragraph([f"The baseline costs {told.baseline_cost:.4g}: {given}."]))
    return page


def judged_sheet(search: Judged, unseen: Judged | None) -> Sheet:
    """The selected allocation and the baseline, on the search's questions and on the others."""
    rows = [
        [name, f"{each.questions:,}", _score(each.selected), _score(each.baseline),
         _gain(each.gain)]
        for name, each in (("search", search), ("held out", unseen))
        if each is not None
    ]  # fmt: skip
    return Sheet(["questions", "number", "selected, %", "baseline, %", "gain (95 %)"], rows)


def held_out_sentences(told: HeldOutTold) -> Sequence[str]:
    """What the figures say."""
    found = []
    if told.search is not None and told.unseen is not None:
        apart = 100 * (told.unseen.selected.value - told.search.selected.value)
        found.append(
            "The best of many trials is, as a rule, flattered by its own questions; on those held"
            f" out the selected allocation scores {plain(abs(apart))} points"
            f" {'less' if apart < 0 else 'more'} than in the search."
        )
    if told.met_before:
        found.append(
            "What was held out had been opened before this allocation was reviewed: its figures"
            " there are no longer those of something unseen."
        )
    return found


def _score(found: Estimate | None) -> str:
    if found is None:
        return NONE
    return f"{plain(100 * found.value)} ({bounds(100 * found.low, 100 * found.high, 1)})"


def _gain(found: Estimate | None) -> str:
    if found is None:
        return NONE
    return f"{signed(100 * found.value)} ({bounds(100 * found.low, 100 * found.high, 1)})"

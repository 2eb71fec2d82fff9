"""Report sections on the choice of the winner: its cross-validation, and the user profiles."""

from collections.abc import Sequence

from agents.allocation.profile_results import ProfileResult
from agents.allocation.results import AllocationResult
from agents.allocation.winner_choice import ChoiceEstimate
from agents.formatting import NO_VALUE, format_bounds, format_number, format_signed
from agents.report.carry_over import format_kept_share
from agents.report.document import Block, Heading, Paragraph
from agents.report.tables import TextTable
from harness.messages import format_count


def build_choice_blocks(result: AllocationResult) -> list[Block]:
    """Build the sections on the choice of the winner and on user profiles."""
    blocks: list[Block] = [Paragraph([sentence]) for sentence in describe_choice(result)]
    if result.profiles:
        blocks += [
            Heading(2, "User profiles"),
            Paragraph([describe_profiles(result.profiles)]),
            build_profile_sheet(result.profiles),
        ]
    return blocks


def describe_choice(result: AllocationResult) -> list[str]:
    """Describe how the winner was chosen, and what to expect of it on other questions."""
    sentences = []
    if result.eligible > 1:
        sentences.append(
            f"{format_count(result.eligible, 'trial')} have an objective that is not significantly"
            " below the highest one: the interval of the difference contains 0. The cheapest of"
            " them is selected."
        )
    if result.cross_validation is not None:
        is_score = not result.profiles
        sentences.append(_describe_validation(result.cross_validation, is_score))
    return sentences


def _describe_validation(estimate: ChoiceEstimate, is_score: bool) -> str:
    figure = "score" if is_score else "share of met user profiles"
    bounds = format_bounds(100 * estimate.low, 100 * estimate.high, 1)
    value = format_number(100 * estimate.objective, 1)
    sentence = (
        f"Expect a {figure} of about {value} % ({bounds}) on other questions, by"
        f" {estimate.folds}-fold cross-validation over questions."
    )
    if estimate.share is None:
        return f"{sentence} Such a choice gained nothing over the first trial where it was made."
    kept = format_kept_share(estimate.share, estimate.share_low, estimate.share_high)
    shown, withheld = (
        format_signed(100 * gain, 1) for gain in (estimate.shown_gain, estimate.withheld_gain)
    )
    return (
        f"{sentence} The choice kept {kept} of its gain over the first trial: {shown} points on"
        f" the folds where it was made, {withheld} on the other one."
    )


def describe_profiles(profiles: Sequence[ProfileResult]) -> str:
    """Describe how many user profiles are met."""
    total = format_count(len(profiles), "user profile")
    by_any = sum(result.candidate is not None for result in profiles)
    by_best = sum(result.met_by_best for result in profiles)
    selected = f"the selected allocation meets {by_best}"
    return f"Of {total}, {selected}, and all trials together meet {by_any}."


def build_profile_sheet(profiles: Sequence[ProfileResult]) -> TextTable:
    """Build the table of the cheapest trial that meets each user profile."""
    rows = [
        [
            result.profile.name,
            result.profile.describe_limits(),
            "yes" if result.met_by_best else "no",
            NO_VALUE if result.trial is None else str(result.trial),
            NO_VALUE if result.score is None else format_number(100 * result.score),
            NO_VALUE if result.tokens is None else f"{result.tokens:,.0f}",
            NO_VALUE if result.usd is None else f"{result.usd:.3g}",
        ]
        for result in profiles
    ]
    heads = ["profile", "limits", "selected meets it", "cheapest trial", "score, %", "tokens",
             "dollars"]  # fmt: skip
    return TextTable(heads, rows, 3)

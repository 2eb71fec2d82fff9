"""Makes the brief of a round, from the search set and from what the run did before.

A brief says where the search stands, draws the frontier against the baselines, shows where the
tokens of the best program go, what hindsight shows of them and a few telling episodes, and tells
what was tried and what people said. Curves, lines and episodes are of what the round shows, so that
what it withholds stays unseen. No question's text and no answer is in it.

Sections give way in the order of `GIVE_WAY` until the brief fits into the request's tokens.
"""

from typing import NamedTuple

from agents.feedback import attempts, frontier, listing
from agents.feedback.brief import Brief, Known
from agents.feedback.closely import Close, Closely, stages
from agents.feedback.fitting import Level, fitted
from agents.feedback.history import History, history
from agents.feedback.pages import page
from agents.feedback.standing import objective, shown_words, standing, standing_alone
from agents.feedback.subjects import Subject, at, best, best_baseline, candidate, ends
from agents.feedback.telling import tellings
from agents.run.directory import RunDirectory
from agents.run.records import Feedback
from agents.run.wording import several
from agents.search.arena import Arena
from agents.search.measures import Shown
from harness.request.controllers import load_program

MOST_KNOWN = 12
"""Candidates that a proposer is given to build on, baselines not counted."""

GIVE_WAY = (
    "episodes", "profile", "tried", "frontier", "episodes", "last", "tried", "episodes", "tried",
    "people", "last", "hindsight", "profile", "people", "frontier", "last", "standing", "people",
)  # fmt: skip
"""Which section takes its next shorter form, time after time."""

EPISODES = (6, 4, 2)
"""Episodes that are told, where there is room and where there is less."""


class _Points(NamedTuple):
    cheap: Close
    dear: Close

    @property
    def both(self) -> list[Close]:
        """The two, or the one where they are the same."""
        return [self.cheap] if self.cheap is self.dear else list(self)


def make_brief(run: RunDirectory, arena: Arena, number: int) -> Brief:
    """The brief of round ``number``.

    Args:
        run: its directory; rounds from ``number`` on are not looked at.
        arena: its search set.
        number: from 1.

    Raises:
        InputError: and `StoreError`: a file of the run or a recording cannot be read.
    """
    past = history(run, number)
    scalar = arena.request.feedback is Feedback.SCALAR
    made = scalar_sections(arena, past, number) if scalar else sections(arena, past, number)
    found = fitted(made, GIVE_WAY, arena.request.brief_tokens)
    return Brief(
        round=number,
        text=found.text,
        tokens=found.tokens,
        known=_known(arena, past),
        notes=[attempts.note(each) for each in past.said if each.note.strip()],
    )


def sections(arena: Arena, past: History, number: int) -> dict[str, list[Level]]:
    """The sections of a brief in the order of its text, each with its forms."""
    shown = arena.split(number).shown
    leader, baseline = best(arena, past), best_baseline(arena)
    closely = Closely(stages(arena, shown))
    looked = ends(arena, leader, shown)
    cheap, *rest = [closely.look(plan) for plan in looked.both]
    points = _Points(cheap, rest[0] if rest else cheap)
    return {
        "head": [_head(arena, number, shown_words(arena, shown))],
        "standing": standing(arena, past, leader, baseline),
        "frontier": _frontier(arena, past, leader, baseline, shown),
        "profile": _profile(leader, points),
        "hindsight": _hindsight(points),
        "episodes": _episodes(leader, closely, points),
        "last": attempts.last(past),
        "tried": attempts.earlier(past),
        "people": attempts.people(past.said),
    }


def scalar_sections(arena: Arena, past: History, number: int) -> dict[str, list[Level]]:
    """Those of the ablation: one number for each candidate."""
    return {
        "head": [_head(arena, number, "")],
        "standing": standing_alone(arena, past, best(arena, past), best_baseline(arena)),
        "tried": attempts.values(past),
    }


def _head(arena: Arena, number: int, shown: str) -> Level:
    return Level(
        page(
            "head", round=number, objective=objective(arena.request.objective), shown=shown
        ).strip()
    )


def _frontier(
    arena: Arena, past: History, leader: Subject, baseline: Subject, shown: Shown
) -> list[Level]:
    others = [
        found
        for each in past.last_round
        if each.review.objective is not None and each.name != leader.name
        for proposal in [each.draft.proposal]
        for found in [candidate(arena, each.name, proposal.source, proposal.language)]
        if found is not None
    ]

    def drawn(rows: list[Subject]) -> str:
        found = frontier.panels(arena, leader, rows, baseline, shown)
        return page("frontier", best=leader.name, panels=frontier.text(found))

    alone = "curves of the last candidates" if others else ""
    return [Level(drawn(others)), Level(drawn([]), alone), Level("", "accuracy over tokens")]


def _profile(leader: Subject, points: _Points) -> list[Level]:
    def shown(looked: list[Close]) -> str:
        told = " and ".join(at(each.plan) for each in looked)
        both = "Figures stand in that order, with `|` between them. " if len(looked) > 1 else ""
        return page(
            "profile",
            name=leader.name,
            points=told,
            columns=f"{both}{listing.legend(looked)}.",
            listing=listing.listing(looked),
        )

    levels = [Level(shown(points.both))]
    if len(points.both) > 1:
        levels.append(Level(shown([points.dear]), f"line figures at {at(points.cheap.plan)}"))
    return [*levels, Level("", "the source with its line figures")]


def _hindsight(points: _Points) -> list[Level]:
    lines = "\n".join(f"- {_in_hindsight(each)}" for each in points.both)
    return [Level(page("hindsight", lines=lines)), Level("", "what hindsight shows")]


def _in_hindsight(close: Close) -> str:
    found = close.hindsight
    parts = (
        (found.after_settled, "came after the final leader was settled for good"),
        (found.pruned, "went into branches that were pruned later"),
        (found.uncounted, "went into branches that were kept and did not hold the answer"),
        (found.silent, "of them into branches that never showed one"),
    )
    whole = max(found.tokens, 1)
    told = "; ".join(f"{100 * part / whole:.1f} % {words}" for part, words in parts if part)
    return (
        f"At {at(close.plan)}, of {found.tokens:,} tokens in {several(found.episodes, 'episode')}:"
        f" {told or 'none went astray'}. The leader was settled in {found.settled:,} of them."
    )


def _episodes(leader: Subject, closely: Closely, points: _Points) -> list[Level]:
    told = tellings(closely, points.dear, points.cheap)
    if not told:
        return [Level("")]
    levels = []
    for most in EPISODES:
        text = "\n".join(f"- **{each.why.value}**: {each.text}" for each in told[:most])
        rest = len(told) - most
        levels.append(
            Level(
                page("episodes", name=leader.name, episodes=text),
                several(rest, "telling episode") if rest > 0 else "",
            )
        )
    return [*levels, Level("", several(len(told), "telling episode"))]


def _known(arena: Arena, past: History) -> list[Known]:
    found = [
        Known(
            name=each.name,
            source=each.draft.proposal.source,
            language=each.draft.proposal.language,
            objective=each.review.objective,
        )
        for each in past.archive[:MOST_KNOWN]
    ]
    baselines = [
        Known(
            name=each.label,
            source=load_program(each.controller).checked.source.text,
            objective=None,
        )
        for each in arena.request.baselines
    ]
    return [*found, *baselines]

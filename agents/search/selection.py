"""Select the winner of a search among candidates that its search set cannot tell apart.

The candidate with the highest objective is rarely the best on other questions: many were compared,
and some were lucky. So all candidates whose paired difference to it has an interval that contains 0
stay in the choice. Among them, a candidate counts by its *flat score*: the mean objective of
variants whose constants are moved a little. A score that holds only for exact constants was fitted
to the questions. Length has a small cost.
"""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from agents.run.records import ControllerLanguage
from agents.search.arena import Arena
from agents.variation import find_constants, with_constants
from dsl.formatter import print_tree
from dsl.parser import parse
from dsl.source import Source

MOST = 8
"""Maximum number of candidates in the choice, by objective."""

VARIANTS = 8
"""Variants of each candidate."""

JITTER = 0.06
"""Standard deviation of a moved constant, as a fraction of its value."""

NODE_COST = 0.0005
"""Cost of a node of the syntax tree, in points of the objective."""


class SelectionCandidate(NamedTuple):
    """A candidate that may be selected."""

    name: str
    source: str
    language: ControllerLanguage
    size: int
    """Nodes of the syntax tree."""


class SelectionRow(NamedTuple):
    """A candidate of the choice."""

    name: str
    objective: float
    flat_score: float
    """Mean objective of its variants, under screening seeds."""
    value: float
    """Flat score minus the cost of its length."""


def rank_candidates(
    arena: Arena, candidates: Sequence[SelectionCandidate], seed: int
) -> list[SelectionRow]:
    """Rank the candidates that cannot be told apart from the one with the highest objective.

    Args:
        arena: Search set to play on.
        candidates: Candidates that beat the best baseline.
        seed: Random seed of the variants.

    Returns:
        The candidates of the choice, best first; empty if there are no candidates.
    """
    played = []
    for proposal in candidates:
        measured = arena.play(proposal.source, proposal.language)
        if not isinstance(measured, str):
            played.append((arena.scorer.score_program(measured).score, proposal, measured))
    played.sort(key=lambda entry: -entry[0])
    rows = []
    for objective, candidate, measured in played[:MOST]:
        gain = arena.scorer.gain(played[0][2], measured, candidate.name)
        if gain is not None and gain.low > 0:
            continue
        flat = _score_variants(arena, candidate, seed)
        rows.append(
            SelectionRow(
                candidate.name,
                round(objective, 4),
                round(flat, 4),
                round(flat - NODE_COST * candidate.size, 4),
            )
        )
    return sorted(rows, key=lambda row: -row.value)


def perturb_constants(source: str, random: Random) -> str:
    """Move the constants of a schedule a little, each by its own amount.

    Args:
        source: Source text of a program that checks.
        random: Random source.
    """
    program = parse(Source(source)).program
    assert program is not None
    moved = {}
    for constant in find_constants(program):
        factor = 1 + random.gauss(0, JITTER)
        ends = [
            min(max(value * factor, constant.low), constant.high)
            for value in (constant.at_zero, constant.at_one)
        ]
        moved[constant.knob] = (ends[0], ends[1])
    return print_tree(with_constants(program, moved))


def _score_variants(arena: Arena, candidate: SelectionCandidate, seed: int) -> float:
    """Return the mean objective of the variants; that of the program itself in Python."""
    sources = [candidate.source]
    if candidate.language is ControllerLanguage.RHEO:
        random = Random(f"{seed}/{candidate.name}")
        sources = [perturb_constants(candidate.source, random) for _ in range(VARIANTS)]
    played = arena.screen(sources, arena.scorer.whole, language=candidate.language)
    scores = [row.score for row in played if row is not None]
    return sum(scores) / len(scores) if scores else 0.0

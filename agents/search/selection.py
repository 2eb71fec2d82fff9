"""Select the winner of a search among candidates that its search set cannot tell apart.

The candidate with the highest objective is rarely the best on other questions: many were compared,
and some were lucky. So all candidates whose paired difference to it has an interval that contains 0
stay in the choice. Among them, a candidate counts by its *flat score*: the mean fitness of variants
whose constants are moved a little. A score that holds only for exact constants was fitted to the
questions. Length has a small cost.

Fitness is the objective, except for the frontier: there it is the doublings of the price that a
curve saves. Where curves are flat, two programs of nearly the same objective may differ widely in
tokens.

The gain of the winner is flattered by the choice. `cross_validate_choice` measures what choosing is
worth where it could not look: each question is scored with the candidate that is chosen without it.
"""

import math
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.run.records import ControllerLanguage, CrossValidation, Gain
from agents.search.arena import Arena
from agents.search.measurements import FOLDS, ProgramMeasurement, SearchSubset, mask_fold
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
"""Cost of a node of the syntax tree, in the unit of the fitness."""


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
    """Mean fitness of its variants, under screening seeds."""
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


def cross_validate_choice(
    arena: Arena, candidates: Sequence[SelectionCandidate]
) -> CrossValidation | None:
    """Measure the gain of the candidate with the highest fitness where the choice did not look.

    Candidates count by their fitness minus the cost of their length. Flat scores are left out:
    they would be played again for each part.

    Args:
        arena: Search set to play on.
        candidates: All candidates that can be played, also those that gained nothing.

    Returns:
        The gains; ``None`` if there are no candidates, or only one question of each recording.
    """
    played = {}
    for candidate in candidates:
        measured = arena.play(candidate.source, candidate.language)
        if not isinstance(measured, str):
            played[candidate] = measured
    whole = arena.scorer.whole
    if not played or all(len(mask) == 1 for mask in whole.questions):
        return None
    chosen: dict[str, None] = {}

    def choose(part: SearchSubset) -> list[ProgramMeasurement]:
        def value(candidate: SelectionCandidate) -> float:
            measured = [played[candidate][index] for index in part.recordings]
            fitness = arena.scorer.score_program(measured, part).fitness
            return fitness - NODE_COST * candidate.size

        best = max(played, key=value)
        chosen[best.name] = None
        return _sort_by_tokens(played[best]) if arena.request.free_knobs else played[best]

    def measure_gain(measured: Sequence[ProgramMeasurement]) -> Gain:
        name = arena.best_baseline
        gain = arena.scorer.gain(measured, arena.baselines[name], name)
        assert gain is not None  # the whole search set is never empty
        return gain

    folds = [[mask_fold(len(mask), fold) for mask in whole.questions] for fold in range(FOLDS)]
    joined = _join_folds([(fold, choose(_leave_out(whole, fold))) for fold in folds])
    by_recording = None
    if len(whole.recordings) > 1:
        others = (
            SearchSubset(
                tuple(other for other in whole.recordings if other != left_out),
                tuple(mask for index, mask in enumerate(whole.questions) if index != left_out),
            )
            for left_out in whole.recordings
        )
        by_recording = measure_gain([choose(part)[index] for index, part in enumerate(others)])
    return CrossValidation(
        questions=measure_gain(joined), recordings=by_recording, chosen=list(chosen)
    )


def _leave_out(whole: SearchSubset, fold: Sequence[NDArray[np.bool_]]) -> SearchSubset:
    """Leave a fold out, and recordings of which nothing is left."""
    left = [
        (recording, ~mask)
        for recording, mask in zip(whole.recordings, fold, strict=True)
        if not mask.all()
    ]
    return SearchSubset(tuple(index for index, _ in left), tuple(mask for _, mask in left))


def _sort_by_tokens(measured: Sequence[ProgramMeasurement]) -> list[ProgramMeasurement]:
    """Sort points by tokens: settings of free knobs have no order that two programs share."""
    order = np.argsort(sum(one.tokens.sum(axis=1) for one in measured), kind="stable")
    return [
        one._replace(
            right=one.right[order], tokens=one.tokens[order], sequential=one.sequential[order]
        )
        for one in measured
    ]


def _join_folds(
    parts: Sequence[tuple[Sequence[NDArray[np.bool_]], Sequence[ProgramMeasurement]]],
) -> list[ProgramMeasurement]:
    """Join measurements of which each holds for its fold of the questions."""
    joined = []
    for recording, first in enumerate(parts[0][1]):
        columns = [
            np.zeros_like(figures) for figures in (first.right, first.tokens, first.sequential)
        ]
        for masks, measured in parts:
            mask = masks[recording]
            for column, values in zip(columns, measured[recording][:3], strict=True):
                column[:, mask] = values[:, mask]
        joined.append(ProgramMeasurement(columns[0], columns[1], columns[2], first.seeds))
    return joined


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
    """Return the mean fitness of the variants; that of the program itself in Python."""
    sources = [candidate.source]
    if candidate.language is ControllerLanguage.RHEO:
        random = Random(f"{seed}/{candidate.name}")
        sources = [perturb_constants(candidate.source, random) for _ in range(VARIANTS)]
    played = arena.screen(sources, arena.scorer.whole, language=candidate.language)
    fitness = [row.fitness for row in played if row is not None]
    return sum(fitness) / len(fitness) if fitness else -math.inf

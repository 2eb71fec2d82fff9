"""Review a candidate: score it on the search set and decide whether it is the best so far.

The lower end of the paired interval decides how much of a gain is significant. A candidate becomes
the best if all of these hold: the intervals of its gains over the best baseline and over the best
so far are above 0; the gain is above 0 whichever recording is left out; and the candidate beats the
best so far on the part that the round withheld. The winner is selected at the end, among all that
cannot be told apart (`agents.search.selection`).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agents.formatting import format_gain
from agents.run.records import ControllerLanguage, Draft, Gain, PointFigures, Review, ReviewVerdict
from agents.search.arena import Arena
from agents.search.measurements import ProgramMeasurement, ProgramScore, SearchSubset
from agents.search.programs import choose_points, compute_source_digest
from agents.search.scorer import find_cost_drop
from dsl.checker.symbols import free_knobs
from harness.request.controllers import Playable, parse_playable
from harness.request.foreign import ForeignController


class Incumbent(NamedTuple):
    """Program that a candidate is compared with."""

    name: str
    source: str
    language: ControllerLanguage = ControllerLanguage.RHEO


def review_candidate(
    arena: Arena,
    draft: Draft,
    number: int,
    best: Incumbent | None,
    earlier: Mapping[str, str],
) -> Review:
    """Review one candidate.

    Args:
        arena: Search set to play on.
        draft: The candidate; one with diagnostics does not check.
        number: Round number.
        best: Best candidate so far; ``None`` compares with the best baseline.
        earlier: Names of earlier candidates, by `compute_source_digest` of their source.
    """
    name, source, language = draft.candidate, draft.proposal.source, draft.proposal.language
    if draft.diagnostics:
        return _refused(name, ReviewVerdict.UNSOUND, "it has errors")
    twin = earlier.get(compute_source_digest(source))
    if twin is not None:
        reason = f"it is the program of {twin}"
        return Review(candidate=name, verdict=ReviewVerdict.REFUSED, reasons=[reason], same_as=twin)
    program = parse_playable(source, f"{name}{language.suffix}")
    problem = _misplaced_knobs(program, free=arena.request.free_knobs)
    measured = problem or arena.play(source, language)
    if isinstance(measured, str):
        return _refused(name, ReviewVerdict.REFUSED, measured)
    score = arena.scorer.score_program(measured)
    incumbent = (
        arena.play(best.source, best.language)
        if best is not None
        else arena.baselines[arena.best_baseline]
    )
    assert not isinstance(incumbent, str)
    against = best.name if best is not None else arena.best_baseline
    gains = _Gains(arena, number, measured, incumbent, against)
    reasons = _faults(arena, score, measured)
    verdict = ReviewVerdict.REFUSED if reasons else ReviewVerdict.KEPT
    if not reasons:
        reasons = gains.list_objections()
        verdict = ReviewVerdict.KEPT if reasons else ReviewVerdict.BEST
    return Review(
        candidate=name,
        verdict=verdict,
        objective=round(score.score, 4),
        by_recording={
            label: round(value, 4)
            for (label, _), value in zip(arena.recordings, score.by_recording, strict=True)
        },
        gain=gains.whole,
        baseline_gain=gains.over_baseline,
        unseen_gain=gains.unseen,
        shown_gain=gains.shown_gain,
        withheld_gain=gains.withheld_gain,
        without=gains.without,
        size=program.size,
        reasons=reasons,
        points=_points(arena, program, score),
    )


class _Gains:
    """Gains of a candidate over the best baseline and over the best so far."""

    def __init__(
        self,
        arena: Arena,
        number: int,
        ours: Sequence[ProgramMeasurement],
        theirs: Sequence[ProgramMeasurement],
        against: str,
    ):
        scorer, name = arena.scorer, arena.best_baseline
        baseline = arena.baselines[name]
        self.whole = _sure(scorer.gain(ours, theirs, against))
        self.over_baseline = _sure(scorer.gain(ours, baseline, name))
        withheld = arena.split(number).withheld
        self.unseen = scorer.gain(_of(ours, withheld), _of(theirs, withheld), against, withheld)
        shown = arena.split(number).shown
        self.shown_gain = _gain_on(arena, ours, baseline, shown)
        self.withheld_gain = _gain_on(arena, ours, baseline, withheld)
        mine, other = (scorer.score_program(program).by_recording for program in (ours, baseline))
        gains = [a - b for a, b in zip(mine, other, strict=True)]
        labels = [label for label, _ in arena.recordings]
        self.without = (
            {
                label: round((sum(gains) - gains[index]) / (len(gains) - 1), 4)
                for index, label in enumerate(labels)
            }
            if len(gains) > 1
            else {}
        )

    def list_objections(self) -> list[str]:
        """List why the candidate does not become the best; empty if it does."""
        baseline = self.over_baseline
        if not baseline.counts:
            value = _format_gain(baseline)
            return [f"its gain over {baseline.against} is {value}; {baseline.caveat}"]
        if not self.whole.counts:
            value = _format_gain(self.whole)
            return [f"its gain over {self.whole.against} is {value}; {self.whole.caveat}"]
        objections = [
            f"without {label}, its gain over {baseline.against} is {value:+.2f}: the gain comes"
            " from that recording alone"
            for label, value in self.without.items()
            if value <= 0
        ]
        if self.unseen is not None and self.unseen.value <= 0:
            objections.append(
                "on the questions and recordings that the round withheld, its gain over"
                f" {self.whole.against} is {self.unseen.value:+.2f}: it may be fitted to the others"
            )
        return objections


def _format_gain(gain: Gain) -> str:
    return format_gain(gain.value, gain.low, gain.high, signed_bounds=True, separator=" to ")


def _sure(gain: Gain | None) -> Gain:
    assert gain is not None  # the whole search set is never empty
    return gain


def _gain_on(
    arena: Arena,
    ours: Sequence[ProgramMeasurement],
    theirs: Sequence[ProgramMeasurement],
    part: SearchSubset,
) -> float | None:
    """Return the gain on a part of the search set, without an interval."""
    if not part.recordings:
        return None
    mine, other = (
        arena.scorer.score_program(_of(program, part), part).score for program in (ours, theirs)
    )
    return round(mine - other, 4)


def _of(measured: Sequence[ProgramMeasurement], shown: SearchSubset) -> list[ProgramMeasurement]:
    return [measured[index] for index in shown.recordings]


def _misplaced_knobs(program: Playable, *, free: bool) -> str:
    """Describe what is wrong with the placement of knobs; empty if nothing is."""
    if not free:
        return "" if program.scheduled else "it has no schedule, so beta changes nothing"
    if isinstance(program, ForeignController) or program.scheduled:
        return "it follows beta, but this run needs free knobs instead of a schedule"
    known = free_knobs(program.checked.program)
    return "" if known else "it has no free knobs, so it has one point"


def _faults(arena: Arena, score: ProgramScore, measured: Sequence[ProgramMeasurement]) -> list[str]:
    """List why a candidate cannot be selected, whatever its gain."""
    if not any(figures.tokens.any() for figures in measured):
        return ["it takes no action: every episode ended at 0 tokens"]
    if arena.request.free_knobs:
        return []
    drop = find_cost_drop(score.curves)
    if drop is None and all(curve.cost.min() == curve.cost.max() for curve in score.curves):
        return ["it does not follow beta: it costs the same at every value"]
    if drop is None:
        return []
    betas = arena.request.betas
    before, after = (
        sum(curve.cost[index] for curve in score.curves) / len(score.curves)
        for index in (drop - 1, drop)
    )
    fall = f"from {before:,.0f} to {after:,.0f} tokens"
    return [
        f"beta does not raise its cost: from {betas[drop - 1]:g} to {betas[drop]:g} it falls {fall}"
    ]


def _points(arena: Arena, program: Playable, score: ProgramScore) -> dict[str, list[PointFigures]]:
    settings = choose_points(program, arena.request.betas)
    return {
        label: [
            PointFigures(
                beta=setting.beta,
                settings=dict(setting.knobs),
                accuracy=round(float(accuracy), 4),
                cost=round(float(cost), 2),
                sequential=round(float(sequential), 2),
            )
            for setting, cost, accuracy, sequential in zip(settings, *curve, strict=True)
        ]
        for (label, _), curve in zip(arena.recordings, score.curves, strict=True)
    }


def _refused(name: str, verdict: ReviewVerdict, reason: str) -> Review:
    return Review(candidate=name, verdict=verdict, reasons=[reason])

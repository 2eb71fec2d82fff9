"""Among candidates that cannot be told apart, the flattest and shortest is selected."""

from itertools import count
from pathlib import Path
from random import Random

import numpy as np
import pytest

from agents.evolution.starting_programs import load_library_programs, load_seeds
from agents.run.directory import create_run
from agents.run.records import ControllerLanguage
from agents.search.arena import open_arena
from agents.search.measurements import ProgramMeasurement, ProgramScore, SearchSubset
from agents.search.selection import (
    VARIANTS,
    SelectionCandidate,
    cross_validate_choice,
    perturb_constants,
    rank_candidates,
)
from dsl.program import analyse_program
from dsl.source import Source
from store.environment import save
from store.simulation import Benchmark, simulate
from tests.agents.conftest import REASONERS, Opened, request

VOTE = """\
controller vote {
  schedule { rising n = round(1 * pow(8, beta)) }

  start { sample n }

  finally { answer winner(finished) else winner(alive) }
}
"""
IDLE = VOTE.replace("vote", "idle", 1).replace("8, beta", "1.1, beta")


def candidate(name: str, source: str, size: int = 20) -> SelectionCandidate:
    return SelectionCandidate(name, source, ControllerLanguage.RHEO, size)


def test_a_candidate_that_is_clearly_worse_is_no_choice(opened: Opened) -> None:
    with opened() as here:
        ranked = rank_candidates(here, [candidate("vote", VOTE), candidate("idle", IDLE)], 0)
    assert [program.name for program in ranked] == ["vote"]


def test_of_equal_programs_the_shorter_is_selected(opened: Opened) -> None:
    with opened() as here:
        pair = [candidate("long", VOTE, 90), candidate("short", VOTE, 20)]
        ranked = rank_candidates(here, pair, 0)
    assert ranked[0].objective == ranked[1].objective
    assert ranked[0].flat_score - ranked[0].value < ranked[1].flat_score - ranked[1].value


def test_flat_score_is_the_mean_saving_of_programs_with_moved_constants(opened: Opened) -> None:
    with opened() as here:
        (row,) = rank_candidates(here, [candidate("vote", VOTE)], 0)
        random = Random("0/vote")
        moved = [perturb_constants(VOTE, random) for _ in range(VARIANTS)]
        scores = [score for score in here.screen(moved, here.scorer.whole) if score is not None]
    assert len(scores) == VARIANTS
    assert row.flat_score == pytest.approx(np.mean([score.fitness for score in scores]), abs=1e-4)
    assert all(score.fitness < 10 < score.score for score in scores)  # doublings, and percent


def test_without_candidates_there_is_no_choice(opened: Opened) -> None:
    with opened() as here:
        assert rank_candidates(here, [], 0) == []


def test_with_one_candidate_cross_validation_is_its_gain(opened: Opened) -> None:
    with opened() as here:
        validation = cross_validate_choice(here, [candidate("vote", VOTE)])
        measured = here.play(VOTE)
        assert not isinstance(measured, str)
        name = here.best_baseline
        gain = here.scorer.gain(measured, here.baselines[name], name)
    assert validation is not None
    assert validation.questions == gain
    assert validation.recordings == gain
    assert validation.chosen == ["vote"]


def test_a_question_is_scored_with_the_candidate_chosen_without_it(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two candidates that are right on one half of the questions each lose by the choice.

    The candidate that is ahead on three quarters of the questions is behind on the fourth.
    """
    with opened() as here:
        plain = here.play(VOTE)
        assert not isinstance(plain, str)

        def play(source: str, _: ControllerLanguage) -> list[ProgramMeasurement]:
            half = 0 if source == VOTE else 1
            return [
                measured._replace(
                    right=np.where(
                        np.arange(measured.right.shape[1]) % 2 == half,
                        measured.seeds,
                        0 * measured.right,
                    )
                )
                for measured in plain
            ]

        monkeypatch.setattr(here, "play", play)
        pair = [candidate("even", VOTE), candidate("odd", IDLE)]
        validation = cross_validate_choice(here, pair)
        gains = [
            here.scorer.gain(play(program.source, program.language), plain, "vote")
            for program in pair
        ]
        baseline = here.scorer.gain(here.baselines[here.best_baseline], plain, "vote")
    assert validation is not None
    assert baseline is not None
    assert set(validation.chosen) == {"even", "odd"}
    best = max(gain.value for gain in gains if gain is not None) - baseline.value
    assert validation.questions.value < best


def test_the_order_of_free_settings_changes_no_cross_validation(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two programs that differ in the order of their settings alone; each is chosen for a part."""
    with opened(free_knobs=True) as here:
        plain = here.baselines[here.best_baseline]

        def play(source: str, _: ControllerLanguage) -> list[ProgramMeasurement]:
            step = 1 if source == VOTE else -1
            return [
                measured._replace(
                    right=measured.right[::step],
                    tokens=measured.tokens[::step],
                    sequential=measured.sequential[::step],
                )
                for measured in plain
            ]

        monkeypatch.setattr(here, "play", play)
        pair = [candidate("up", VOTE), candidate("down", IDLE)]
        alone = cross_validate_choice(here, pair[:1])
        score, turns = here.scorer.score_program, count()

        def alternate(measured: list[ProgramMeasurement], part: SearchSubset) -> ProgramScore:
            part_number, program = divmod(next(turns), 2)
            return score(measured, part)._replace(fitness=float(part_number % 2 == program))

        monkeypatch.setattr(here.scorer, "score_program", alternate)
        both = cross_validate_choice(here, pair)
    assert alone is not None
    assert both is not None
    assert both.chosen == ["up", "down"]
    assert both.questions == alone.questions


def test_a_recording_of_one_question_is_no_reason_to_choose_where_it_is_scored(
    recordings: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One candidate is right on the single question only, the other on all others."""
    single = tmp_path / "single.recording"
    save(simulate(REASONERS[0], Benchmark("single", questions=1, branches=16)), single)
    asked = request([single, recordings[0]], objective="accuracy")
    with open_arena(create_run(tmp_path / "run", asked), workers=1) as here:
        plain = here.play(VOTE)
        assert not isinstance(plain, str)

        def play(source: str, _: ControllerLanguage) -> list[ProgramMeasurement]:
            rights = (1, 0) if source == VOTE else (0, 0.5)
            return [
                measured._replace(right=np.full_like(measured.right, int(share * measured.seeds)))
                for share, measured in zip(rights, plain, strict=True)
            ]

        monkeypatch.setattr(here, "play", play)
        pair = [candidate("single", VOTE), candidate("others", IDLE)]
        validation = cross_validate_choice(here, pair)
    assert validation is not None
    assert validation.chosen == ["others", "single"]


def test_with_one_question_nothing_is_cross_validated(tmp_path: Path) -> None:
    single = tmp_path / "single.recording"
    save(simulate(REASONERS[0], Benchmark("single", questions=1, branches=16)), single)
    with open_arena(create_run(tmp_path / "run", request([single])), workers=1) as here:
        assert cross_validate_choice(here, [candidate("vote", VOTE)]) is None


def test_without_candidates_nothing_is_cross_validated(opened: Opened) -> None:
    with opened() as here:
        assert cross_validate_choice(here, []) is None


@pytest.mark.parametrize(
    "program", [*load_seeds(), *load_library_programs()], ids=lambda program: program.name
)
def test_a_program_with_moved_constants_still_checks(program: object) -> None:
    source = program.source  # type: ignore[attr-defined]
    moved = {perturb_constants(source, Random(seed)) for seed in range(5)}
    assert len(moved) > 1
    for program in moved:
        assert not any(result.is_error for result in analyse_program(Source(program)).diagnostics)

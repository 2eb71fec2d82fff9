"""Replies of the evaluation server of a round to an agent."""

import json
from typing import Any

from agents.external_agents.evaluation_server import EvaluationServer
from agents.search.review import Incumbent
from tests.agents.conftest import Opened
from tests.agents.loop.programs import GOOD
from tests.agents.proposers.test_evolve import bench

FEW = """\
controller few {
  schedule { rising n = round(1 + beta) }

  start { sample n }

  finally { answer winner(finished) else winner(alive) }
}
"""


def ask(server: EvaluationServer, do: str, *sources: str, **more: object) -> dict[str, Any]:
    first, *others = sources or ("",)
    request = {"do": do, "source": first, "others": others, **more}
    return server.answer(json.dumps(request).encode())


def test_several_programs_are_swept_with_the_best_baseline(opened: Opened) -> None:
    with opened(count=2) as arena:
        answer = ask(EvaluationServer(bench(arena)), "sweep", GOOD, FEW)
    assert answer["status"] == 0
    assert "program 1: objective" in answer["text"]
    assert "program 2: objective" in answer["text"]
    assert "sc: objective" in answer["text"]
    assert "sequential" in answer["text"]


def test_comparison_has_the_paired_gain_and_differing_questions(opened: Opened) -> None:
    with opened(count=2) as arena:
        table = bench(arena, allowance=2)
        answer = ask(EvaluationServer(table), "compare", GOOD, FEW)
        again = ask(EvaluationServer(table), "compare", FEW, GOOD)
    assert answer["text"].startswith("gain +")
    assert "over the other program" in answer["text"]
    assert again["text"].startswith("gain -")
    assert table.allowance == 0


def test_default_comparison_is_with_the_best_candidate(opened: Opened) -> None:
    with opened(count=2) as arena:
        table = bench(arena)
        table._best = Incumbent("r001-1", GOOD)
        gain = table.compare(GOOD).gain
    assert (gain.value, gain.low, gain.high) == (0, 0, 0)


def test_comparison_without_a_candidate_is_with_the_best_baseline(opened: Opened) -> None:
    with opened(count=2) as arena:
        assert bench(arena).compare(GOOD).gain.against == "sc"


def test_base_rates_cover_the_shown_part(opened: Opened) -> None:
    with opened(count=2) as arena:
        answer = ask(EvaluationServer(bench(arena)), "explore")
    assert "finisher 1 of 16" in answer["text"]


def test_comparison_beyond_the_allowance_is_refused(opened: Opened) -> None:
    with opened(count=2) as arena:
        answer = ask(EvaluationServer(bench(arena, allowance=0)), "compare", GOOD, FEW)
    assert answer["status"] == 2
    assert "no programs are left" in answer["text"]

"""Replies of the evaluation server of a round to an agent."""

import json
import re
from typing import Any

import pytest

from agents.external_agents.client_shim import parse
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
    assert "over the other" in answer["text"]
    assert "tokens of the other" in answer["text"]
    assert again["text"].startswith("gain -")
    assert table.allowance == 0


def test_default_comparison_is_with_the_best_candidate(opened: Opened) -> None:
    with opened(count=2) as arena:
        table = bench(arena)
        table._best = Incumbent("r001-1", GOOD)
        gain = table.compare(GOOD).gain
    assert (gain.value, gain.low, gain.high) == (0, 0, 0)
    assert gain.against == "r001-1"


def test_comparison_without_a_candidate_is_with_the_best_baseline(opened: Opened) -> None:
    with opened(count=2) as arena:
        assert bench(arena).compare(GOOD).gain.against == "sc"


def test_base_rates_cover_the_shown_part(opened: Opened) -> None:
    with opened(count=2) as arena:
        answer = ask(EvaluationServer(bench(arena)), "explore")
    assert "order of finishing: 1 of 16" in answer["text"]


def test_comparison_beyond_the_allowance_is_refused(opened: Opened) -> None:
    with opened(count=2) as arena:
        answer = ask(EvaluationServer(bench(arena, allowance=0)), "compare", GOOD, FEW)
    assert answer["status"] == 2
    assert "no programs are left" in answer["text"]


FREE = """\
controller free {
  knobs { n = 2 in 1..64 }
  start { sample n }
  finally { answer winner(finished) else winner(alive) }
}
"""


def test_settings_are_swept_beside_the_best_baseline(opened: Opened) -> None:
    with opened(count=2) as arena:
        table = bench(arena)
        answer = ask(EvaluationServer(table), "sweep", FREE, settings=["n=1,2,4"])
        figures = table.play_settings(FREE, [{"n": 4}], table.seeds(thorough=True))
    assert answer["status"] == 0, answer
    head, *rows = answer["text"].splitlines()
    assert head.split()[:2] == ["setting", "accuracy"]
    assert "sc at these tokens" in head
    assert [row.split()[0] for row in rows[:3]] == ["n=1", "n=2", "n=4"]
    assert figures is not None
    assert f"{figures.accuracy.mean():.2f}" in rows[2]
    assert f"{figures.cost.mean():,.0f}" in rows[2]


def test_settings_beyond_the_allowance_are_refused_with_what_is_left(opened: Opened) -> None:
    with opened(count=2) as arena:
        server = EvaluationServer(bench(arena, allowance=0))
        answer = ask(server, "sweep", FREE, settings=["n=1:64"])
    assert answer["status"] == 2
    assert answer["text"].startswith("error: 64 settings are requested, and ")


def test_settings_need_one_program_with_free_knobs(opened: Opened) -> None:
    with opened(count=2) as arena:
        server = EvaluationServer(bench(arena))
        two = ask(server, "sweep", FREE, FREE, settings=["n=1"])
        scheduled = ask(server, "sweep", FEW, settings=["n=1"])
        unknown = ask(server, "sweep", FREE, settings=["m=1"])
    assert "--set takes one program" in two["text"]
    assert "n depends on beta and cannot be set" in scheduled["text"]
    assert "no free knob m" in unknown["text"]
    assert server.played
    assert two["status"] == scheduled["status"] == unknown["status"] == 2


def test_a_repeated_request_gives_the_same_figures_for_free(opened: Opened) -> None:
    with opened(count=2) as arena:
        table = bench(arena, allowance=3)
        server = EvaluationServer(table)
        first = ask(server, "sweep", GOOD, FEW)
        again = ask(server, "sweep", GOOD, FEW)
    assert first["text"] == again["text"]
    assert first["text"].endswith("1 program is left to play")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sweep", "a.rheo", "--quik"], "--quik: there is no such option"),
        (["sweep"], "sweep takes 1 to 100 files"),
        (["profile", "a.rheo", "--beta"], "--beta: give a number from 0 to 1"),
        (["check", "a.rheo", "--set", "n=1"], "--set: only sweep takes settings"),
        (["explore", "a.rheo"], "explore takes no file"),
    ],
)
def test_the_shim_names_what_is_wrong_in_a_command_line(arguments: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse(arguments)


def test_the_shim_reads_options_in_both_forms() -> None:
    assert parse(["sweep", "a.rheo", "--set=n=1,2", "--set", "k=3", "--quick"]) == {
        "do": "sweep", "files": ["a.rheo"], "settings": ["n=1,2", "k=3"], "quick": True,
    }  # fmt: skip
    assert parse(["profile", "a.rheo", "--beta", "0.5"])["beta"] == 0.5

"""Hoisting computes branch-independent calls once and changes nothing else."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from agents.evolution.starting_programs import load_seeds
from agents.search.player_pool import PlayTask, _play
from agents.variation import hoist_invariants, vary
from dsl.formatter import print_tree
from dsl.parser import parse
from dsl.program import analyse_program
from dsl.source import Source
from harness.engines import EpisodeRules
from store.reader import open_recording

TEMPLATE = """
controller c {{
  schedule {{ rising n = round(4 + 4 * beta) }}
  memory {{ held = 0 }}
  each branch {{ .off = 0 }}
  start {{ open n }}
  step {{
    {}
    advance active
    held = held + 1
    if held > 60 {{ stop }}
    update active {{ .off = .off + 1 }}
    prune active where .off > 90
  }}
  finally {{ answer winner(finished) else winner(alive) }}
}}
"""


def text(statement: str) -> str:
    program = parse(Source(TEMPLATE.format(statement))).program
    assert program is not None
    return print_tree(hoist_invariants(program))


@pytest.mark.parametrize(
    ("statement", "becomes"),
    [
        (
            "prune active where .answer != winner(alive)",
            "let leader = winner(alive)\n    prune active where .answer != leader",
        ),
        (
            "advance active for (if .answer == winner(finished) then 2 else 1)",
            "let leader = winner(finished)\n    advance active for if .answer == leader then",
        ),
        (
            "if count(active where .depth > mean(.depth of active)) > 2 { stop }",
            "let figure = mean(.depth of active)\n    if count(active where .depth > figure) > 2",
        ),
        (
            "prune active where .answer == winner(alive where .answer != winner(finished))",
            "let leader   = winner(alive where .answer != leader_2)\n    prune active",
        ),
    ],
)
def test_branch_independent_call_is_hoisted(statement: str, becomes: str) -> None:
    assert becomes in text(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "if winner(alive) == winner(finished) { stop }",  # it is computed once already
        "prune active where votes(alive, .answer) < 2",  # it depends on the branch
        "update active { .off = if count(active where .off > 2) > 1 then 0 else .off + 1 }",
        "prune active where chance(0.5)",
        "update active { let d = .depth .off = count(opened where .depth >= d) }",
    ],
)
def test_call_with_branch_randomness_or_field_is_not_hoisted(statement: str) -> None:
    program = parse(Source(TEMPLATE.format(statement))).program
    assert program is not None
    assert print_tree(hoist_invariants(program)) == print_tree(program)


def test_hoisting_preserves_behaviour_and_soundness(recordings: list[Path]) -> None:
    recording = open_recording(recordings[0])
    random, changed = Random(5), 0
    for seed in load_seeds() * 3:
        program = parse(Source(seed.source)).program
        assert program is not None
        for _ in range(10):
            variant = vary(program, random)
            program = program if variant is None else variant.program
        before, after = print_tree(program), print_tree(hoist_invariants(program))
        assert analyse_program(Source(after)).diagnostics == []
        if before == after:
            continue
        changed += 1
        original, hoisted = (
            _play(PlayTask(source, recording.path, recording.digest, (0.0, 1.0), 3, EpisodeRules()))
            for source in (before, after)
        )
        assert not isinstance(original, str)
        assert not isinstance(hoisted, str)
        assert all(map(np.array_equal, original[:3], hoisted[:3]))
        again = parse(Source(after)).program
        assert again is not None
        assert print_tree(hoist_invariants(again)) == after
    assert changed > 2

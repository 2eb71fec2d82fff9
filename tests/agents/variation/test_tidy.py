"""Tidying removes only code without effect."""

from random import Random

import numpy as np
import pytest

from agents.variation import compute_size, tidy
from agents.variation.simplification import uses_randomness
from dsl.formatter import print_tree
from dsl.parser import parse
from dsl.program import analyse_program, load_checked_program
from dsl.source import Source
from dsl.traversal import is_equivalent
from harness.engines import ControllerSetting, EpisodeRules
from harness.engines.interpreter import InterpreterEngine
from tests.agents.variation.programs import collect_diagnostics, load_written_programs, program
from tests.dsl.typed_programs import seeded_program
from tests.harness.random_environments import random_world

FRAME = "controller c {{ {head} start {{ open 4 }} step {{ advance active {body} }} {end} }}"
END = "finally { answer winner(alive) }"


def tidied(body: str, head: str = "", end: str = END) -> str:
    return print_tree(tidy(program(FRAME.format(head=head, body=body, end=end))))


def plain(body: str, head: str = "", end: str = END) -> str:
    return print_tree(program(FRAME.format(head=head, body=body, end=end)))


@pytest.mark.parametrize(
    ("head", "body", "left"),
    [
        ("knobs { k = 3 in 1..9 }", "", ""),
        ("schedule { rising k = round(1 + 4 * beta) }", "", ""),
        ("memory { seen = 0 }", "seen = seen + 1", ""),
        ("memory { w = window(3) }", "push share(alive) onto w", ""),
        ("each branch { .mark = 0 }", "update active { .mark = .depth }", ""),
        ("memory { last = 5 }", "if steps > last { stop }", "if steps > 5 { stop }"),
        ("memory { w = window(3) }", "if full(w) { stop }", ""),
        ("", "let a = steps let b = a + 1", ""),
        ("", "let fresh = open 1", "open 1"),
        ("", "if steps > 3 { }", ""),
        ("", "if steps > 3 { } else { stop }", "if steps <= 3 { stop }"),
        ("", "if steps > 3 and steps > 3 { stop }", "if steps > 3 { stop }"),
        ("", "if 1 > 2 or steps > 3 { stop }", "if steps > 3 { stop }"),
        ("", "if steps > 3 { if steps > 4 { stop } }", "if steps > 3 and steps > 4 { stop }"),
        ("", "if steps > 3 { stop advance active }", "if steps > 3 { stop }"),
        ("", "prune finished where .depth > 3", ""),
        ("", "prune active by 2", "prune active"),
        ("", "prune active where not .finished", "prune active"),
        ("", "prune active where .seen where .seen", "prune active where .seen"),
    ],
)
def test_code_without_effect_is_removed(head: str, body: str, left: str) -> None:
    assert tidied(body, head) == plain(left)


@pytest.mark.parametrize(
    "body",
    ["if chance(0.5) { }", "if chance(0.5) and chance(0.5) { stop }", "prune active by chance_(1)"],
)
def test_code_that_uses_randomness_is_not_removed(body: str) -> None:
    body = body.replace("chance_(1)", "draw_beta(1, 1)")
    assert tidied(body) == plain(body)


@pytest.mark.parametrize(
    ("end", "left"),
    [
        ("finally { answer winner(finished) }", "answer winner(finished) else winner(alive)"),
        ("finally { answer runner_up(alive) }", "answer runner_up(alive) else winner(alive)"),
        ("finally { answer winner(opened) else winner(alive) }", "answer winner(opened)"),
        ("finally { answer winner(alive) else none }", "answer winner(alive) else none"),
    ],
)
def test_finally_answers_whenever_an_answer_exists(end: str, left: str) -> None:
    assert tidied("", end=end) == plain("", end=f"finally {{ {left} }}")


def test_unread_signal_is_not_required() -> None:
    tidied = tidy(program("needs entropy controller c { start { sample 3 } " + END + " }"))
    assert tidied.needs == ()


@pytest.mark.parametrize("name", load_written_programs())
def test_tidy_controller_is_unchanged(name: str) -> None:
    controller = load_written_programs()[name]
    assert is_equivalent(tidy(controller), controller)


def test_tidying_twice_changes_nothing() -> None:
    for seed in range(60):
        once = tidy(program(seeded_program(seed)))
        assert is_equivalent(tidy(once), once)


def plays_alike(seed: int) -> bool | None:
    """Return whether a tidied program acts as before; ``None`` where that cannot be compared."""
    text = seeded_program(seed)
    parsed = parse(Source(text)).program
    assert parsed is not None
    if uses_randomness(parsed) or any(
        diagnostic.code == "RH506" for diagnostic in analyse_program(Source(text)).diagnostics
    ):
        return None
    tidied = tidy(parsed)
    replay_environment = random_world(Random(seed).randrange)
    before, after = (
        InterpreterEngine().play(
            load_checked_program(Source(version)),
            ControllerSetting(0.3),
            replay_environment,
            (0, 1, 7),
            EpisodeRules(None, 1),
        )
        for version in (text, print_tree(tidied))
    )
    answered = before.answer != -1  # where there was none, there may be one now
    return (
        np.array_equal(before.tokens, after.tokens)
        and np.array_equal(before.rounds, after.rounds)
        and np.array_equal(before.answer[answered], after.answer[answered])
    )


@pytest.mark.slow
def test_tidying_preserves_behaviour() -> None:
    outcomes = [plays_alike(seed) for seed in range(160)]
    assert outcomes.count(True) > 25
    assert [seed for seed, alike in enumerate(outcomes) if alike is False] == []


def test_size_does_not_depend_on_how_numbers_are_scheduled() -> None:
    fixed = f"controller c {{ schedule {{ fixed n = 3 }} start {{ sample n }} {END} }}"
    rising = fixed.replace("fixed n = 3", "rising n = round(3 * pow(8, beta))")
    assert compute_size(program(fixed)) == compute_size(program(rising))


def test_tidied_programs_have_no_diagnostics() -> None:
    for seed in range(60):
        codes = {
            diagnostic.code
            for diagnostic in collect_diagnostics(tidy(program(seeded_program(seed))))
        }
        assert codes <= {"RH507", "RH508", "RH602", "RH603"}

"""Programs without progress are reported before they run; those that idle at times are not."""

import pytest

from dsl import library
from dsl.program import analyse_program
from dsl.source import Source
from tests.dsl.conformance.cases import read_corpus

CODES = {"RH507", "RH508"}
FINALLY = "finally { answer winner(finished) else winner(alive) }"


def codes(body: str) -> list[str]:
    text = f"controller c {{ {body} {FINALLY} }}"
    return [diagnostic.code for diagnostic in analyse_program(Source(text)).diagnostics]


@pytest.mark.parametrize(
    "step",
    [
        "",
        "stop",
        "if steps > 9 { stop }",
        'let v = winner(alive) if v == "7" { stop }',
        "update active { .x = .x + 1 } if max(.x of active) > 3 { stop }",
        "if 2 < 1 { advance active }",
        "if steps > 2 { advance first 0 of active }",
        "advance active for 0",
        "open 0",
    ],
)
def test_step_that_cannot_act_is_reported(step: str) -> None:
    fields = "each branch { .x = 0 }" if ".x" in step else ""
    assert codes(f"{fields} start {{ open 6 }} step {{ {step} }}") == ["RH507"]


@pytest.mark.parametrize(
    "verb",
    [
        "advance active where .finished",
        "let done = finished advance done",
        'prune alive where .answer == "7" and (.finished)',
        "prune first 2 of (alive except active)",
        "extend (active by .depth) where .pruned and .depth > 2",
    ],
)
def test_verb_over_branches_that_have_ended_is_reported_once(verb: str) -> None:
    assert codes(f"start {{ open 6 }} step {{ {verb} }}") == ["RH706"]


@pytest.mark.parametrize(
    "verb",
    [
        "advance active where not .finished",
        "prune active where .finished or .depth > 3",
        "prune alive except finished",
    ],
)
def test_verb_that_may_find_active_branches_is_not_reported(verb: str) -> None:
    assert codes(f"start {{ open 6 }} step {{ advance active {verb} }}") == []


@pytest.mark.parametrize(
    "body",
    [
        "start { sample 6 } step { advance active }",
        "start { sample 6 } step { prune active where .depth > 3 }",
    ],
)
def test_step_without_active_branches_is_reported(body: str) -> None:
    assert codes(body) == ["RH507"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "step { advance active }",
        "start { open 0 } step { advance active }",
        "step { sample 0 }",
        "start { if 1 > 2 { open 4 } } step { advance active }",
    ],
)
def test_program_that_opens_no_branch_is_reported(body: str) -> None:
    assert codes(body) == ["RH508"]


@pytest.mark.parametrize(
    "body",
    [
        "start { open 6 } step { if steps % 3 == 0 { advance active } }",
        "start { open 6 } step { advance active where .age > 5 }",
        "start { open 6 unseen } step { probe active }",
        "step { sample 1 if share(finished) > 0.9 { stop } }",
        "start { sample 6 } step { answer winner(finished) }",
        "start { open 6 } step { if empty(active) { open 1 } else { advance active } }",
        "knobs { n = 0 in 0..8 } start { open n } step { advance active }",
        "start { open 6 } step { prune active where .answer != winner(alive) }",
    ],
)
def test_a_step_that_acts_at_times_is_fine(body: str) -> None:
    assert not CODES & set(codes(body))


def test_idle_step_is_reported_once() -> None:
    assert codes("start { open 6 } step { advance finished }") == ["RH706"]


@pytest.mark.parametrize("name", library.NAMES)
def test_the_library_makes_progress(name: str) -> None:
    assert analyse_program(library.load_source(name)).diagnostics == []


def test_corpus_programs_have_no_progress_warnings() -> None:
    programs = [text for case in read_corpus() for text in (case.program, case.twin) if text]
    diagnostics = [
        diagnostic for text in programs for diagnostic in analyse_program(Source(text)).diagnostics
    ]
    assert len(programs) > 500
    assert [diagnostic for diagnostic in diagnostics if diagnostic.code in CODES] == []

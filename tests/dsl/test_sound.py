"""The programs that are made to be sound are sound."""

from hypothesis import HealthCheck, given, settings

from dsl.diagnostics import render_all
from dsl.formatter import format_source
from dsl.program import analyse_program
from dsl.source import Source
from dsl.traversal import is_equivalent
from tests.dsl.sound import sound_texts


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sound_texts())
def test_a_program_made_to_be_sound_is_sound(text: str) -> None:
    analysis = analyse_program(Source(text))
    assert analysis.checked is not None, render_all(
        analysis.source, [diagnostic for diagnostic in analysis.diagnostics if diagnostic.is_error]
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sound_texts())
def test_formatting_keeps_a_program_sound(text: str) -> None:
    again = analyse_program(Source(format_source(Source(text))))
    assert again.checked is not None
    before = analyse_program(Source(text)).program
    assert before is not None
    assert is_equivalent(again.checked.program, before)

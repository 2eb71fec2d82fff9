"""What is said of a schedule, whole."""

from textwrap import dedent

from dsl.program import analyse_program
from dsl.source import Source
from tests.dsl.schedules import rendered, text_of


def test_proved_schedule_gives_no_message() -> None:
    assert rendered("rising x = beta", "falling y = 1 - x", "fixed z = 3") == ""


def test_wrong_direction_is_refuted_with_two_values() -> None:
    message = rendered("rising width = round(4 - 2 * beta)")
    assert message == dedent(
        """\
        error[RH601]: `width` is not rising: at beta = 0.2 it is 4, at beta = 0.3 it falls to 3
         --> c.rheo:3:20
          |
        3 |     rising width = round(4 - 2 * beta)
          |     ------         ^^^^^^^^^^^^^^^^^^^ falls
          |     |
          |     declared rising
          = help: declare it `falling`, which is proved, or change the expression"""
    )


def test_a_fixed_knob_that_moves_is_refuted() -> None:
    message = rendered("fixed x = beta * (1 - beta)")
    assert message == dedent(
        """\
        error[RH601]: `x` is not fixed: at beta = 0 it is 0.0, at beta = 0.1 it rises to 0.09000000000000001
         --> c.rheo:3:15
          |
        3 |     fixed x = beta * (1 - beta)
          |     -----     ^^^^^^^^^^^^^^^^^ rises
          |     |
          |     declared fixed
          = help: a knob must move in one direction or stay the same as `beta` rises; change the expression"""  # noqa: E501
    )


def test_a_refutation_names_the_free_knobs_that_it_needs() -> None:
    message = rendered("rising x = n * beta", knobs="n = 2 in -1..4")
    assert message == dedent(
        """\
        error[RH601]: `x` is not rising: with n = -1, at beta = 0 it is 0.0, at beta = 0.1 it falls to -0.1
         --> c.rheo:4:16
          |
        4 |     rising x = n * beta
          |     ------     ^^^^^^^^ falls
          |     |
          |     declared rising
          = help: a knob must move in one direction or stay the same as `beta` rises; change the expression"""  # noqa: E501
    )


def test_unproved_direction_suggests_a_provable_form() -> None:
    message = rendered("rising x = beta - beta * beta / 2", "rising y = 1 + x")
    assert message == dedent(
        """\
        warning[RH602]: could not prove or refute that `x` is rising
         --> c.rheo:3:16
          |
        3 |     rising x = beta - beta * beta / 2
          |     ------     ^^^^^^^^^^^^^^^^^^^^^^ both operands move in the same direction
          |     |
          |     declared rising
          = help: a difference can be proved if one side rises and the other falls or is constant; combine the terms in `beta` into one

        warning[RH602]: could not prove or refute that `y` is rising
         --> c.rheo:4:20
          |
        4 |     rising y = 1 + x
          |     ------         ^ `x` is not proved
          |     |
          |     declared rising
          = help: prove `x` first"""  # noqa: E501
    )


def test_failed_proof_names_the_beta() -> None:
    message = rendered("rising x = if beta < 0.25 then 1 else pow(3 - beta, beta)")
    assert message == dedent(
        """\
        warning[RH602]: could not prove or refute that `x` is rising
         --> c.rheo:3:43
          |
        3 |     rising x = if beta < 0.25 then 1 else pow(3 - beta, beta)
          |     ------                                ^^^^^^^^^^^^^^^^^^^ no rule proves this power, near beta = 0.25
          |     |
          |     declared rising
          = help: it can be proved if the base stays on one side of 1 and the exponent on one side of 0, and both have the same effect"""  # noqa: E501
    )


def test_constant_knob_should_be_fixed() -> None:
    message = rendered("falling x = round(0.3 - 0.2 * beta)")
    assert message == dedent(
        """\
        warning[RH603]: `x` never falls: it is always 0
         --> c.rheo:3:5
          |
        3 |     falling x = round(0.3 - 0.2 * beta)
          |     ^^^^^^^ never falls
          = help: declare it `fixed`"""
    )


def test_constant_knob_offers_fixed_as_an_edit() -> None:
    source = Source(text_of("rising x = min(1, 2 + beta)"), "c.rheo")
    (diagnostic,) = [one for one in analyse_program(source).diagnostics if one.code == "RH603"]
    assert diagnostic.edit is not None
    start, end = diagnostic.edit.span
    mended = source.text[:start] + diagnostic.edit.text + source.text[end:]
    assert mended == text_of("fixed x = min(1, 2 + beta)")


def test_a_refuted_direction_keeps_a_program_from_running_and_an_unproved_one_does_not() -> None:
    refuted = analyse_program(Source(text_of("rising x = -beta")))
    unproved = analyse_program(Source(text_of("rising x = beta - beta * beta / 2")))
    assert refuted.checked is None
    assert unproved.checked is not None

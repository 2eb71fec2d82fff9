"""Schedules to prove things of: texts around lines, and random ones of every operator."""

from functools import cache

from hypothesis import strategies as st

from dsl.checker import CheckedProgram, Needs
from dsl.checker.declarations import check_declarations, check_sections
from dsl.checker.schedule_directions import DirectionVerdict, prove_directions
from dsl.checker.scope import Scope
from dsl.diagnostics import render_all
from dsl.parser import parse
from dsl.program import analyse_program
from dsl.source import Source


def text_of(*lines: str, knobs: str = "") -> str:
    """A program with these lines as its schedule."""
    schedule = "\n".join(f"    {line}" for line in lines)
    free = f"  knobs {{ {knobs} }}\n" if knobs else ""
    return (
        f"controller c {{\n{free}  schedule {{\n{schedule}\n  }}\n"
        "  start { open 1 }\n  finally { answer winner(alive) }\n}\n"
    )


@cache
def typed(*lines: str, knobs: str = "") -> CheckedProgram:
    """Such a program as the direction proof sees it: names and types are sound."""
    source = Source(text_of(*lines, knobs=knobs), "c.rheo")
    parsed = parse(source)
    assert parsed.program is not None, parsed.diagnostics
    scope = Scope()
    check_sections(scope, parsed.program)
    check_declarations(scope, parsed.program)
    assert not scope.diagnostics, scope.diagnostics
    needs = Needs(frozenset(), probes=False)
    return CheckedProgram(source, parsed.program, scope.types, scope.symbols, needs)


def verdict_on(*lines: str, knobs: str = "") -> DirectionVerdict:
    """The verdict on the last of some lines."""
    checked = typed(*lines, knobs=knobs)
    return prove_directions(checked.program, checked.types)[-1]


def rendered(*lines: str, knobs: str = "") -> str:
    """What the checker says of the schedule, save that its knobs are not used."""
    analysis = analyse_program(Source(text_of(*lines, knobs=knobs), "c.rheo"))
    diagnostics = [diagnostic for diagnostic in analysis.diagnostics if diagnostic.code != "RH701"]
    return render_all(analysis.source, diagnostics)


KNOBS = "n = 2 in -1..3 p = 0.5 in 0.25..2"
"""Free knobs for random schedules: an integer of either sign, a real above 0."""

_INTEGERS = st.integers(-3, 9).map(str).map(lambda text: f"({text})")
_REALS = st.sampled_from(["0.0", "0.1", "0.5", "0.75", "1.0", "2.5", "(-0.3)", "(-4.0)", "1e300"])


def _grow(parts: tuple[st.SearchStrategy[str], ...]) -> tuple[st.SearchStrategy[str], ...]:
    """One level more around expressions that are integers, reals and truths."""
    integer, real, truth = parts
    number = integer | real

    def of(pattern: str, *inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.tuples(*inside).map(lambda words: pattern.format(*words))

    integers = st.one_of(
        integer,
        *(of(f"({{}} {sign} {{}})", integer, integer) for sign in ("+", "-", "*", "//", "%")),
        *(of(f"{name}({{}})", number) for name in ("round", "floor", "ceil")),
        of("abs({})", integer),
        of("max({}, {}, {})", integer, integer, integer),
        of("clamp({}, {}, {})", integer, integer, integer),
        of("(if {} then {} else {})", truth, integer, integer),
        of("(-{})", integer),
    )
    reals = st.one_of(
        real,
        *(of(f"({{}} {sign} {{}})", real, number) for sign in ("+", "-", "*", "/")),
        *(of(f"{name}({{}})", number) for name in ("sqrt", "exp", "log")),
        of("(-{})", real),
        of("abs({})", real),
        of("round({}, {})", real, st.integers(-1, 4).map(str) | integer),
        of("pow({}, {})", number, number),
        of("beta_confidence({}, {})", integer, integer),
        of("min({}, {})", real, number),
        of("max({}, {})", number, real),
        of("clamp({}, {}, {})", real, number, number),
        of("(if {} then {} else {})", truth, real, number),
    )
    truths = st.one_of(
        *(of(f"({{}} {sign} {{}})", number, number) for sign in ("<", "<=", ">", ">=", "==", "!=")),
        of("({} and {})", truth, truth),
        of("({} or {})", truth, truth),
        of("(not {})", truth),
        of('((if {} then "a" else none) == "a")', truth),
    )
    return integers, reals, truths


def expressions(depth: int = 3) -> st.SearchStrategy[str]:
    """Random expressions of the schedule language over `beta`, the free knobs and constants."""
    beta = st.just("beta")
    parts: tuple[st.SearchStrategy[str], ...] = (
        _INTEGERS | st.just("n") | st.sampled_from([3, 10]).map(lambda k: f"round({k} * beta)"),
        beta | beta | _REALS | st.just("p"),
        st.sampled_from(["true", "beta < 0.4", "beta >= p", "n == 1"]).map(lambda t: f"({t})"),
    )
    for _ in range(depth):
        parts = _grow(parts)
    return parts[0] | parts[1]

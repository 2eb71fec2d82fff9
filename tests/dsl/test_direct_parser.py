"""The direct parser gives the tree of the parser with recovery, or leaves the text to it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import library, tree
from dsl.lexer import BYTE_ORDER_MARK
from dsl.parser import MAX_DEPTH, ParseResult, _load_direct_parser, parse, parse_with_recovery
from dsl.source import Source
from tests.dsl.golden_cases import cases
from tests.dsl.strategies import untidy_programs
from tests.dsl.typed_programs import drawn_programs

GOLDEN = sorted(Path(__file__).with_name("golden").glob("*.txt"))


def is_same(left: object, right: object) -> bool:
    """Whether two trees are equal with their spans, spellings and parentheses."""
    if type(left) is not type(right):
        return False
    if isinstance(left, tree.Node):
        return all(
            is_same(getattr(left, name), getattr(right, name)) for name in left.__struct_fields__
        )
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(is_same, left, right))
    return left == right


def assert_parses_alike(text: str) -> ParseResult:
    expected = parse_with_recovery(Source(text))
    direct = _load_direct_parser().parse(text)
    is_left = expected.program is None or text.startswith(BYTE_ORDER_MARK)
    assert (direct is None) == is_left
    result = parse(Source(text))
    assert is_same(result.program, expected.program)
    assert result.comments == expected.comments
    assert result.diagnostics == expected.diagnostics
    return result


@pytest.mark.parametrize("name", library.NAMES)
def test_a_program_of_the_library_parses_alike(name: str) -> None:
    assert assert_parses_alike(library.load_source(name).text).program is not None


@given(drawn_programs())
@settings(deadline=None)
def test_random_programs_parse_alike(text: str) -> None:
    assert assert_parses_alike(text).program is not None


@given(untidy_programs)
@settings(deadline=None)
def test_programs_with_comments_and_odd_spacing_parse_alike(text: str) -> None:
    assert assert_parses_alike(text).program is not None


@given(drawn_programs(), st.data())
@settings(deadline=None)
def test_damaged_programs_parse_alike(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 3)))
    inserted = data.draw(st.sampled_from(["", " ", "}", "{", "(", "1", "x", "$", "#", '"', " if "]))
    assert_parses_alike(text[:start] + inserted + text[end:])


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_programs_with_errors_parse_alike(path: Path) -> None:
    for case in cases(path):
        assert_parses_alike(case.program)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing else",
        "\ufeffcontroller c { }",
        "controller c { } \f\n # the end\n",
        "controller c { start { open 10k } }",
        "controller c { start { open 99999999999999999999 } }",
        "controller c { memory { x = {1, 2} } }",
    ],
)
def test_odd_texts_parse_alike(text: str) -> None:
    assert_parses_alike(text)


@pytest.mark.parametrize("levels", range(MAX_DEPTH - 12, MAX_DEPTH + 3))
def test_the_limit_of_nesting_is_the_same(levels: int) -> None:
    value = "(" * levels + "1" + ")" * levels
    assert_parses_alike(f"controller c {{ start {{ open {value} }} }}")


@pytest.mark.parametrize("levels", range(MAX_DEPTH - 60, MAX_DEPTH + 3))
def test_the_limit_of_nested_blocks_is_the_same(levels: int) -> None:
    body = "if true { " * levels + "stop" + " }" * levels
    assert_parses_alike(f"controller c {{ step {{ {body} }} }}")

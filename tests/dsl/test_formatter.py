"""The formatter: one layout, and nothing lost on the way to it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsl import library, tree
from dsl.diagnostics import DslError
from dsl.formatter import UnprintableTree, format_source, print_tree
from dsl.formatter.writer import WIDTH
from dsl.parser import Comment, load_grammar, parse
from dsl.source import Source, Span
from dsl.traversal import is_equivalent
from tests.dsl.strategies import NOWHERE, identifier, programs, untidy_programs

slow_to_draw = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def formatted(text: str) -> str:
    return format_source(Source(text))


def comments(text: str) -> list[str]:
    return sorted(comment.text for comment in parse(Source(text)).comments)


def program(text: str) -> tree.Program:
    parsed = parse(Source(text))
    assert parsed.program is not None
    return parsed.program


def step(body: str) -> str:
    """A program with lines in its step, as they are there when it is formatted."""
    lines = "\n".join(f"    {line}".rstrip() for line in body.strip("\n").split("\n"))
    return f"controller c {{\n  step {{\n{lines}\n  }}\n}}\n"


def laid_out(body: str) -> str:
    """The lines of a step after formatting, set back to the margin; another one is before."""
    text = formatted(f"controller c {{ step {{ stop\n\n{body}\n}} }}")
    lines = text.removesuffix("  }\n}\n").split("\n")[4:]
    return "\n".join(line.removeprefix("    ") for line in lines)


@pytest.mark.parametrize("name", library.NAMES)
def test_the_library_is_formatted(name: str) -> None:
    source = library.load_source(name)
    assert format_source(source) == source.text


def test_formatter_lays_out_every_construct() -> None:
    untidy = """
    # about

    needs entropy needs logprob # two
    controller  c "A title"   { # of the controller
    schedule { rising n=2 falling wide_one =max( 1,2 )

      # a group
      fixed k= 3 # three
    }
    knobs{n=64 in 1..64 threshold=0.95 in 0.5..1.0}
    memory { a=1


    trend = window(3) }
    each branch{.x=0}start{open n}
    step at most 5{advance active}

    finally{answer winner(finished)else none}
    # the end of the controller
    }
    # the end of the file
    """
    assert formatted(untidy) == (
        """# about

needs entropy, logprob  # two

controller c "A title" {  # of the controller
  schedule {
    rising  n        = 2
    falling wide_one = max(1, 2)

    # a group
    fixed   k        = 3  # three
  }

  knobs {
    n         = 64   in 1..64
    threshold = 0.95 in 0.5..1.0
  }

  memory {
    a     = 1

    trend = window(3)
  }

  each branch { .x = 0 }

  start { open n }

  step at most 5 { advance active }

  finally { answer winner(finished) else none }
  # the end of the controller
}
# the end of the file
"""
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if a\n{\nstop\n}", "if a { stop }"),
        ("if a { stop } else { open 1 }", "if a { stop } else { open 1 }"),
        ('if a { stop because "b" }', 'if a {\n  stop because "b"\n}'),
        ("if a { stop x = 1 }", "if a {\n  stop\n  x = 1\n}"),
        ("if a { if b { stop } }", "if a {\n  if b { stop }\n}"),
        ("if a{}else{}", "if a { } else { }"),
        (
            "if a { stop } else if b { x = 1 } else { x = 2 }",
            "if a {\n  stop\n} else if b {\n  x = 1\n} else {\n  x = 2\n}",
        ),
        ("update active{.x=1}", "update active { .x = 1 }"),
        ("update active { .x = 1 .long = 2 }", "update active {\n  .x    = 1\n  .long = 2\n}"),
        (f"if {'a' * 34}{{answer {'b' * 35}}}", f"if {'a' * 34} {{ answer {'b' * 35} }}"),
        (f"if {'a' * 35}{{answer {'b' * 35}}}", f"if {'a' * 35} {{\n  answer {'b' * 35}\n}}"),
    ],
)
def test_a_block_of_one_simple_statement_is_on_one_line(before: str, after: str) -> None:
    assert laid_out(before) == after + "\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("let a=1\nlet long=2\nx=3", "let a    = 1\nlet long = 2\nx = 3"),
        ("let a=1\n\nlet long=2", "let a = 1\n\nlet long = 2"),
        ("let a=1 # c\nlet long=2", "let a    = 1  # c\nlet long = 2"),
        ("let a=1\n# c\nlet long=2", "let a = 1\n# c\nlet long = 2"),
        ("let a=open 1\nlet long=sample 2", "let a    = open 1\nlet long = sample 2"),
        ("a=1\nlong=2\n\n\n\nb=3", "a    = 1\nlong = 2\n\nb = 3"),
    ],
)
def test_neighbours_that_set_names_share_a_column(before: str, after: str) -> None:
    assert laid_out(before) == after + "\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = a +# one\nb # two", "# one\nx = a + b  # two"),
        ("# above\n\nx = 1", "# above\n\nx = 1"),
        ("x = 1\n# below", "x = 1\n# below"),
        ("if a # one\n{ stop }", "# one\nif a { stop }"),
        ("if a { # one\nstop }", "if a {  # one\n  stop\n}"),
        ("if a { stop # one\n}", "if a {\n  stop  # one\n}"),
        ("if a { stop } # one\nelse { stop }", "if a {\n  stop\n} else {\n  # one\n  stop\n}"),
        (
            "if a { stop } else # one\nif b # two\n{ stop }",
            "if a {\n  stop\n} else if b {\n  # one\n  # two\n  stop\n}",
        ),
        ("if a { # one\n}", "if a {  # one\n}"),
        ("if a {\n# one\n}", "if a {\n  # one\n}"),
        ("x = 1 y = 2 # two", "x = 1\ny = 2  # two"),
        ('stop because # why\n"b"', '# why\nstop because "b"'),
        ("update # which\nactive { .x = 1 }", "# which\nupdate active { .x = 1 }"),
    ],
)
def test_comments_are_kept(before: str, after: str) -> None:
    assert laid_out(before) == after + "\n"


def test_comments_after_the_lines_of_a_section_are_aligned() -> None:
    text = """controller c {
  knobs {  # of the section
    n = 8 in 1..64 # of n
    # of what follows
    threshold = 0.95 in 0.5..1.0 # of the threshold
    a_name_that_is_long = 1 in 1..2
  }

  memory { x = 0 # of x
  }
}
"""
    assert (
        format_source(Source(text))
        == """controller c {
  knobs {  # of the section
    n                   = 8    in 1..64     # of n
    # of what follows
    threshold           = 0.95 in 0.5..1.0  # of the threshold
    a_name_that_is_long = 1    in 1..2
  }

  memory {
    x = 0  # of x
  }
}
"""
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = ((a))", "x = (a)"),
        ("x = (a) + (b * c)", "x = (a) + (b * c)"),
        ("x = - - a", "x = --a"),
        ("x = not(a)", "x = not (a)"),
        ("x=a-(b-c)", "x = a - (b - c)"),
        ("x = .a==none and.b!=1", "x = .a == none and .b != 1"),
        ("x = 1E5 + 007", "x = 1E5 + 007"),
        ("x = f( )", "x = f()"),
        ("x = f(a of active,weight=.b)", "x = f(a of active, weight = .b)"),
        ("prune first 1 of(active where a by-.b)", "prune first 1 of (active where a by -.b)"),
        ("open 4 unseen", "open 4 unseen"),
        ("extend active for if a then 1 else 2", "extend active for if a then 1 else 2"),
        ("push a onto w", "push a onto w"),
    ],
)
def test_expressions_have_one_spacing_and_the_authors_parentheses(before: str, after: str) -> None:
    assert laid_out(before) == after + "\n"


def test_long_expressions_break_in_a_fixed_manner() -> None:
    a, b, c = "a" * 30, "b" * 30, "c" * 30
    assert laid_out(f"x = {a} and {b} + {c} and {a} and f({a}, {b}, {c})") == (
        f"x = {a} and\n    {b} + {c} and\n    {a} and\n    f({a},\n        {b},\n        {c})\n"
    )
    assert laid_out(f"if {a} and {b} and {c} {{ stop }}") == (
        f"if {a} and\n    {b} and\n    {c} {{\n  stop\n}}\n"
    )
    assert laid_out(f'advance active where .{a} by {b} for if {c} then 1 else 2 because "{a}"') == (
        f'advance active where .{a} by {b}\n    for if {c} then 1 else 2\n    because "{a}"\n'
    )
    assert laid_out(f"answer {a} else {b} else {c}") == (
        f"answer {a}\n    else {b}\n    else {c}\n"
    )


def test_a_program_with_syntax_errors_is_rejected_with_all_of_them() -> None:
    with pytest.raises(DslError) as refused:
        formatted("controller c { step { open open\n advance for } }")
    assert len(refused.value.diagnostics) == 2


def test_formatter_accepts_programs_with_type_errors() -> None:
    assert laid_out("x=nowhere") == "x = nowhere\n"


@pytest.mark.parametrize(
    "broken",
    [
        tree.Number(NOWHERE, -1, "-1"),
        tree.Number(NOWHERE, float("inf"), ""),
        tree.Number(NOWHERE, 2**63, ""),
        tree.Name(NOWHERE, "where"),
        tree.Name(NOWHERE, "two words"),
        tree.Text(NOWHERE, 'a "quote"'),
        tree.Unary(NOWHERE, "!", tree.BooleanLiteral(NOWHERE, True)),
    ],
)
def test_unprintable_tree_is_rejected(broken: tree.Expression) -> None:
    with pytest.raises(UnprintableTree):
        print_tree(_answering(broken))


def test_a_tree_that_is_too_deep_is_rejected() -> None:
    deep: tree.Expression = tree.BooleanLiteral(NOWHERE, True)
    for _ in range(100_000):
        deep = tree.Unary(NOWHERE, "not", deep)
    with pytest.raises(UnprintableTree, match="deep"):
        print_tree(_answering(deep))


def test_changed_number_is_rewritten() -> None:
    assert "answer 5 " in print_tree(_answering(tree.Number(NOWHERE, 5, "4")))
    assert "answer 5.0 " in print_tree(_answering(tree.Number(NOWHERE, 5.0, "5")))
    assert "answer 5e0 " in print_tree(_answering(tree.Number(NOWHERE, 5.0, "5e0")))


def _answering(value: tree.Expression) -> tree.Program:
    body = tree.Block(NOWHERE, (tree.Answer(NOWHERE, (value,), None),))
    return tree.Program(NOWHERE, (), identifier("c"), None, (tree.Finally(NOWHERE, body),))


@slow_to_draw
@given(programs)
def test_any_tree_is_printed_so_that_it_reads_back(tree_: tree.Program) -> None:
    text = print_tree(tree_)
    assert is_equivalent(program(text), tree_)
    assert formatted(text) == text


@slow_to_draw
@given(untidy_programs)
def test_any_program_keeps_its_tree_and_its_comments(text: str) -> None:
    once = formatted(text)
    assert is_equivalent(program(once), program(text))
    assert comments(once) == comments(text)
    assert formatted(once) == once


@slow_to_draw
@given(programs.map(print_tree), st.sampled_from(["  ", "\t", "\n", "\r\n", "\f"]))
def test_the_layout_does_not_depend_on_the_space_between_tokens(text: str, space: str) -> None:
    tokens = [str(token) for token in load_grammar().lex(text)]
    assert formatted(space.join(tokens)) == text


def test_only_what_cannot_be_broken_goes_beyond_the_width() -> None:
    text = formatted(step(f"x = {' + '.join(['word'] * 60)}"))
    assert max(map(len, text.split("\n"))) <= WIDTH
    name = "n" * 150
    assert f"    x = {name}\n" in formatted(step(f"x = {name}"))


def test_comments_have_source_positions() -> None:
    text = "# a\ncontroller c { }  # b\n"
    assert parse(Source(text)).comments == [
        Comment(span_of(text, "# a"), "# a"),
        Comment(span_of(text, "# b"), "# b"),
    ]


def span_of(text: str, part: str) -> Span:
    start = text.index(part)
    return Span(start, start + len(part))

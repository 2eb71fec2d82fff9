"""Programs at random: syntactically valid trees, and texts of them with odd white space.

Types are not minded; `tests.dsl.sound` makes programs that the checker passes.
"""

from hypothesis import strategies as st

from dsl import tree
from dsl.formatter import print_tree
from dsl.parser import load_grammar
from dsl.source import Span
from dsl.vocabulary import KEYWORDS

NOWHERE = Span(0, 0)

OPERATORS = ("or", "and", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "//", "%")

words = st.one_of(
    st.sampled_from(["n", "ema", "warm_up", "leader", "_", "x1", "count", "winner", "active"]),
    st.text(st.sampled_from("abyzABYZ_"), min_size=1, max_size=30),
).filter(lambda word: word not in KEYWORDS)

texts = st.text(st.sampled_from("ab #{}(.é界🙂\r\t\x85\u2028"), max_size=8).map(
    lambda text: tree.Text(NOWHERE, text)
)

because = st.none() | texts


def identifier(word: str) -> tree.Identifier:
    return tree.Identifier(NOWHERE, word)


identifiers = words.map(identifier)
field_identifiers = words.map(lambda word: identifier(f".{word}"))

numbers = st.one_of(
    st.integers(0, 2**63 - 1),
    st.floats(0, allow_nan=False, allow_infinity=False).map(abs),
).map(lambda value: tree.Number(NOWHERE, value, ""))

leaves: st.SearchStrategy[tree.Expression] = st.one_of(
    numbers,
    texts,
    st.booleans().map(lambda value: tree.BooleanLiteral(NOWHERE, value)),
    st.just(tree.NoneLiteral(NOWHERE)),
    words.map(lambda word: tree.Name(NOWHERE, word)),
    words.map(lambda word: tree.Field(NOWHERE, f".{word}")),
)


def _grown(
    inner: st.SearchStrategy[tree.Expression],
) -> st.SearchStrategy[tree.Expression]:
    here = st.just(NOWHERE)
    over = st.builds(tree.PerBranch, here, inner, inner)
    keyword = st.builds(tree.KeywordArgument, here, identifiers, inner)
    arguments = st.lists(inner | over | keyword, max_size=4).map(tuple)
    return st.one_of(
        st.builds(tree.Group, here, inner),
        st.builds(tree.Unary, here, st.sampled_from(["-", "not"]), inner),
        st.builds(tree.Binary, here, st.sampled_from(OPERATORS), inner, inner),
        st.builds(tree.Conditional, here, inner, inner, inner),
        st.builds(tree.Call, here, identifiers, arguments),
        st.builds(tree.FilterSet, here, inner, inner),
        st.builds(tree.SortSet, here, inner, inner),
        st.builds(tree.ExcludeSet, here, inner, inner),
        st.builds(tree.TakeFirst, here, inner, inner),
    )


expressions = st.recursive(leaves, _grown, max_leaves=8)

_here = st.just(NOWHERE)
opens = st.builds(tree.Open, _here, expressions, st.booleans(), because)
samples = st.builds(tree.Sample, _here, expressions, because)

simple_statements: st.SearchStrategy[tree.Statement] = st.one_of(
    opens,
    samples,
    st.builds(tree.Advance, _here, expressions, st.none() | expressions, st.booleans(), because),
    st.builds(tree.Probe, _here, expressions, because),
    st.builds(tree.Prune, _here, expressions, because),
    st.builds(
        tree.Answer, _here, st.lists(expressions, min_size=1, max_size=3).map(tuple), because
    ),
    st.builds(tree.Stop, _here, because),
    st.builds(tree.Let, _here, identifiers, expressions | opens | samples),
    st.builds(tree.Assign, _here, identifiers, expressions),
    st.builds(tree.SetField, _here, field_identifiers, expressions),
    st.builds(tree.Push, _here, expressions, identifiers),
)


def _blocks(inner: st.SearchStrategy[tree.Statement]) -> st.SearchStrategy[tree.Block]:
    return st.builds(tree.Block, _here, st.lists(inner, max_size=3).map(tuple))


def _nested(inner: st.SearchStrategy[tree.Statement]) -> st.SearchStrategy[tree.Statement]:
    blocks = _blocks(inner)
    choices = st.builds(tree.If, _here, expressions, blocks, st.none() | blocks)
    chains = st.builds(tree.If, _here, expressions, blocks, choices)
    return choices | chains | st.builds(tree.Update, _here, expressions, blocks)


statements = st.recursive(simple_statements, _nested, max_leaves=5)
blocks = _blocks(statements)


def _many(items: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(items, max_size=3).map(tuple)


sections: st.SearchStrategy[tree.Section] = st.one_of(
    st.builds(
        tree.Schedule,
        _here,
        _many(
            st.builds(
                tree.Scheduled, _here, st.sampled_from(tree.Direction), identifiers, expressions
            )
        ),
    ),
    st.builds(
        tree.Knobs,
        _here,
        _many(st.builds(tree.Knob, _here, identifiers, expressions, expressions, expressions)),
    ),
    st.builds(tree.Memory, _here, _many(st.builds(tree.Cell, _here, identifiers, expressions))),
    st.builds(
        tree.EachBranch,
        _here,
        _many(
            st.builds(tree.Cell, _here, field_identifiers, expressions)
            | st.builds(tree.RunningValue, _here, field_identifiers, expressions, expressions)
            | st.builds(tree.BranchWindow, _here, field_identifiers, expressions, expressions)
        ),
    ),
    st.builds(tree.Start, _here, blocks),
    st.builds(tree.Step, _here, st.none() | expressions, blocks),
    st.builds(tree.Finally, _here, blocks),
)

programs = st.builds(
    tree.Program,
    _here,
    st.lists(identifiers, max_size=3).map(tuple),
    identifiers,
    st.none() | texts,
    st.lists(sections, max_size=4).map(tuple),
)
"""Trees of programs that parse; whether they check is another matter."""

comments = st.text(st.sampled_from('ab #{}"é🙂\r\t\x85\u2028'), max_size=8)

gaps = st.one_of(
    st.sampled_from([" ", "  ", "\n", "\n\n", "\n\n\n\n", "\t", " \r\n", "\f"]),
    comments.map(lambda text: f" # {text}\n"),
    comments.map(lambda text: f"\n#{text}\n\n"),
)


@st.composite
def untidy(draw: st.DrawFn, text: str) -> str:
    """A text with the same tokens and other things between them, some of them comments."""
    out, end = [], 0
    for token in load_grammar().lex(text):
        start = token.start_pos or 0
        out += [text[end:start] if draw(st.integers(0, 3)) else draw(gaps), str(token)]
        end = token.end_pos or 0
    return "".join([*out, draw(gaps)])


untidy_programs = programs.map(print_tree).flatmap(untidy)
"""Texts of programs that parse, laid out as badly as can be."""

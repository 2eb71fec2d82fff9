"""The page of a report, block by block."""

from typing import get_args

import msgspec
import pytest

from agents.report import html
from agents.report.body import build_blocks
from agents.report.document import (
    Block,
    Bullets,
    CodeSpan,
    CollapsibleSection,
    Gallery,
    Heading,
    Paragraph,
    PreformattedText,
    ProfiledSource,
    Quote,
    ReportImage,
)
from agents.report.html import render_html
from agents.report.records import RunReport
from agents.report.tables import TextTable
from harness.explanation.line_profile import LineProfile


def body(*blocks: Block) -> str:
    return render_html(blocks).partition("<main>\n")[2].removesuffix("</main>\n</body>\n</html>\n")


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (Heading(2, "One\n two"), "<h2>One two</h2>\n"),
        (
            Paragraph([" Is ", CodeSpan("a < b"), "?"]),
            "<p> Is <code>a &lt; b</code>?</p>\n",
        ),
        (Paragraph([]), "<p></p>\n"),
        (
            Bullets([["one"], ["two ", CodeSpan("x")]]),
            "<ul>\n<li>one</li>\n<li>two <code>x</code></li>\n</ul>\n",
        ),
        (Quote("a\n  b & c"), "<blockquote>a\n  b &amp; c</blockquote>\n"),
        (PreformattedText("a\n  b"), '<div class="wide"><pre>a\n  b</pre></div>\n'),
        (
            TextTable(["name", "n"], [["a", "1"], ["b", "2"]], 1, frozenset({1})),
            (
                '<div class="wide"><table>\n<thead><tr><th>name</th><th class="figure">n</th></tr>'
                "</thead>\n<tbody>\n"
                '<tr><td>a</td><td class="figure">1</td></tr>\n'
                '<tr class=strong><td>b</td><td class="figure">2</td></tr>\n'
                "</tbody>\n</table></div>\n"
            ),
        ),
        (
            Gallery([ReportImage("<svg/>\n", 'says "a"', "left out")]),
            (
                '<div class="gallery">\n<figure role="img" aria-label="says &quot;a&quot;">\n'
                "<svg/>\n</figure>\n</div>\n"
            ),
        ),
        (
            CollapsibleSection("More", [CollapsibleSection("Inner", [Quote("q")])]),
            (
                "<details>\n<summary>More</summary>\n<details>\n<summary>Inner</summary>\n"
                "<blockquote>q</blockquote>\n</details>\n</details>\n"
            ),
        ),
    ],
)
def test_a_block_renders_as_markup(block: Block, expected: str) -> None:
    assert body(block) == expected


def test_every_kind_of_block_has_a_branch_in_the_templates() -> None:
    assert set(get_args(Block)) <= set(html._KINDS.values())


def test_template_syntax_and_hidden_characters_in_a_text_are_escaped() -> None:
    page = body(Quote("{{ title }} {% raw %} \x1b[1m \u202e <b>'\"</b>"))
    assert page == (
        "<blockquote>{{ title }} {% raw %} \\x1b[1m \\u202e"
        " &lt;b&gt;&#x27;&quot;&lt;/b&gt;</blockquote>\n"
    )


def test_the_title_is_the_first_heading() -> None:
    assert "<title>A &amp; B</title>" in render_html([Quote("q"), Heading(1, "A & B")])
    assert "<title>Report</title>" in render_html([])


def test_a_program_has_the_figures_of_each_line(reported: RunReport) -> None:
    (block,) = [block for block in build_blocks(reported) if isinstance(block, ProfiledSource)]
    lines = [
        LineProfile(
            line=1, source="if a < b:", runs=1200, tokens=34_000, tokens_share=55.55, ended=7,
            right=6, right_share=85.71,
        ),
        LineProfile(
            line=2, source="", runs=0, tokens=0, tokens_share=0.0, ended=0, right=0,
            right_share=None,
        ),
    ]  # fmt: skip
    profile = msgspec.structs.replace(block.profile, lines=lines, unanswered=1234)
    rows = body(ProfiledSource(profile)).partition("<tbody>\n")[2].splitlines()
    empty = '<td class="figure"></td>'
    assert rows[:3] == [
        (
            '<tr style="--heat: 56%"><td class="figure">1</td><td class="figure">1,200</td>'
            '<td class="figure">34,000</td><td class="figure">55.5</td><td class="figure">7</td>'
            '<td class="figure">85.7</td><td><pre>if a &lt; b:</pre></td></tr>'
        ),
        f'<tr><td class="figure">2</td>{empty * 5}<td><pre></pre></td></tr>',
        f'<tr>{empty * 4}<td class="figure">1,234</td>{empty}<td>(no answer)</td></tr>',
    ]

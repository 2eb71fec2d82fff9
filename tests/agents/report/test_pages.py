"""Complete reports: their text, that they are self-contained, and that they escape markup.

After an intended change, ``RHEOSTAT_UPDATE_GOLDEN=1`` updates the files in ``golden``; read the
difference.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from agents.report.body import build_blocks
from agents.report.computation import compute_report
from agents.report.document import CodeSpan, Paragraph, PreformattedText
from agents.report.evaluation import ReportServices
from agents.report.html import render_html
from agents.report.markdown import render_markdown
from agents.report.records import Opening, RunPhase, RunReport
from agents.report.terminal import format_terminal_summary
from agents.report.writer import write_report
from agents.run.directory import RunDirectory, create_run
from agents.run.records import Decision
from tests.agents.report.conftest import HOSTILE, SEEDS, START, Copied, golden, log

VOID = {"meta", "br", "hr", "img", "input", "link"}


def settled(report: RunReport) -> RunReport:
    """The report with a fixed time of opening."""
    opened = [Opening(at=START, programs=opening.programs) for opening in report.opened]
    return msgspec.structs.replace(report, opened=opened)


def test_report_equals_its_golden_file(reported: RunReport) -> None:
    golden("report.md", render_markdown(build_blocks(settled(reported))))


class Page(HTMLParser):
    """Parse a page into its tags, links and text."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.leads: list[str] = []
        self.ids: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("href", "src", "srcset", "data", "action"):
                self.leads.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            assert not name.startswith("on")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def test_page_is_complete_and_self_contained(reported: RunReport) -> None:
    text = render_html(build_blocks(reported))
    page = Page(text)
    assert page.open == []
    assert {"html", "table", "svg", "style"} <= set(page.tags)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert page.leads
    assert all(lead.startswith("#") for lead in page.leads)
    assert {lead[1:] for lead in page.leads} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert "http" not in text.replace("http-equiv", "")
    assert "@import" not in text
    assert all(part.startswith("#") for part in re.findall(r"url\(([^)]*)\)", text))


def test_plots_use_the_text_colour_of_the_page(reported: RunReport) -> None:
    pictures = re.findall(r"<svg.*?</svg>", render_html(build_blocks(reported)), re.DOTALL)
    assert len(pictures) == 7
    for picture in pictures:
        assert "currentColor" in picture
        assert "#000000" not in picture.replace("stroke: #000000", "")
        assert "font-family" not in picture


def test_text_of_programs_and_users_is_escaped(copied: Copied, services: ReportServices) -> None:
    run = copied()
    run.decide(Decision(candidate="r001-1", approved=True, note=HOSTILE, by="<i>ann</i>"))
    report = compute_report(run, seeds=SEEDS, held_out=False, services=services)
    blocks = build_blocks(report)
    page = Page(render_html(blocks))
    assert HOSTILE in page.words
    assert "<i>ann</i>" in page.words
    assert "Stops when <b>those</b> that are done & agree" in page.words
    assert not {"script", "b", "i", "a", "em"} & set(page.tags)
    outside = re.sub(
        r"^```text\n.*?^```$", "", render_markdown(blocks), flags=re.MULTILINE | re.DOTALL
    )
    assert r'> \<script\>alert("1")\</script\> \& \`b\` \| \*c\* \[d\](e) \_f\_' in outside
    assert not re.search(r"(?<!\\)<", outside)


def test_text_of_proposers_is_escaped(copied: Copied, services: ReportServices) -> None:
    run = copied("r002-1")
    report = compute_report(run, seeds=SEEDS, held_out=False, services=services)
    assert HOSTILE in Page(render_html(build_blocks(report))).words


def test_control_characters_are_escaped(copied: Copied, services: ReportServices) -> None:
    run = copied(ended=False)
    source = run.source("r001-1").replace("<b>those</b>", "\x1b[31mthose")
    run.write_text("candidates/r001-1/source.rheo", source)
    report = compute_report(run, seeds=2, services=services)
    output = [
        format_terminal_summary(run, 80, report=report),
        render_markdown(build_blocks(report)),
    ]
    output.append(render_html(build_blocks(report)))
    for text in output:
        assert "\x1b" not in text
    assert "\\x1b[31m" in output[0]


@pytest.mark.slow
def test_equal_runs_give_equal_bytes(copied: Copied, services: ReportServices) -> None:
    run = copied()
    write_report(run, seeds=SEEDS, services=services)
    names = ("report.md", "report.html", "report.json")
    first = [(run.path / name).read_bytes() for name in names]
    write_report(run, seeds=SEEDS, services=ReportServices())
    assert [(run.path / name).read_bytes() for name in names] == first


def test_report_is_written_to_another_directory(
    copied: Copied, services: ReportServices, tmp_path: Path
) -> None:
    run = copied()
    elsewhere = tmp_path / "some" / "where"
    write_report(run, directory=elsewhere, seeds=SEEDS, held_out=False, services=services)
    assert sorted(path.name for path in elsewhere.iterdir()) == [
        "report.html", "report.json", "report.md",
    ]  # fmt: skip
    assert not run.has("report.md")


def test_report_contains_no_path_of_this_machine(
    template: RunDirectory, copied: Copied, services: ReportServices
) -> None:
    run = copied()
    write_report(run, seeds=SEEDS, services=services)
    paths = {str(recording.path.parent) for recording in template.request.search}
    for name in ("report.md", "report.html", "report.json"):
        text = (run.path / name).read_text()
        assert not any(path in text for path in (*paths, str(run.path)))


def test_run_without_a_winner_has_a_report(copied: Copied, services: ReportServices) -> None:
    report = compute_report(copied(None), seeds=SEEDS, services=services)
    text = render_markdown(build_blocks(report))
    assert "The run has ended: 2 rounds were played. No controller was selected." in text
    assert "The best baseline is `" in text
    assert "## The controller" not in text
    assert Page(render_html(build_blocks(report))).open == []


def test_report_of_a_waiting_run_names_the_candidate(
    copied: Copied, services: ReportServices
) -> None:
    run = copied(ended=False)
    log(run, "waiting", candidate="r001-1")
    report = compute_report(run, seeds=SEEDS, services=services)
    assert (report.state, report.waiting) == (RunPhase.WAITING, "r001-1")
    text = render_markdown(build_blocks(report))
    assert "The run has not ended: it waits for a decision on r001-1." in text
    assert "The best so far is `r001-1`" in text
    run.decide(Decision(candidate="r001-1", approved=True))
    assert (
        compute_report(run, seeds=SEEDS, thorough=False, services=services).state
        is RunPhase.STOPPED
    )


def test_active_run_is_reported_up_to_its_current_state(
    copied: Copied, services: ReportServices
) -> None:
    run = copied()
    with run.locked():  # it continues after its end
        report = compute_report(run, seeds=SEEDS, thorough=False, services=services)
    assert report.state is RunPhase.AT_WORK
    assert report.unseen is None


def test_run_before_its_first_round_has_a_report(
    template: RunDirectory, services: ReportServices, tmp_path: Path
) -> None:
    run = create_run(tmp_path / "run", template.request)
    report = compute_report(run, seeds=SEEDS, services=services)
    assert report.trajectory == []
    text = render_markdown(build_blocks(report))
    assert "No controller beats the baselines yet." in text
    assert "No round is over yet." in text
    assert format_terminal_summary(run, 80, report=report).startswith("The run has not ended")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# no heading", "\\# no heading"),
        ("- no list", "\\- no list"),
        ("3. no list", "3\\. no list"),
        ("--- ", "\\---"),
        ("a_b stays", "a_b stays"),
        ("+7.84 stays", "+7.84 stays"),
        ("two\nlines", "two lines"),
    ],
)
def test_markdown_in_a_sentence_is_escaped(text: str, expected: str) -> None:
    assert render_markdown([Paragraph([text])]) == f"{expected}\n"


def test_listing_cannot_close_its_code_block() -> None:
    assert render_markdown([PreformattedText("```\nx")]) == "````text\n```\nx\n````\n"
    assert render_markdown([Paragraph([CodeSpan("a`b")])]) == "`` a`b ``\n"

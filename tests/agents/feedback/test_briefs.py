"""Briefs, whole: what stands in them, what never does, and what gives way where room is short.

After a change that is meant, ``RHEOSTAT_UPDATE_GOLDEN=1`` writes the files in ``golden`` anew; read
the difference.
"""

import os
import re
import shutil
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.feedback.brief import count_tokens, fit_sections
from agents.feedback.brief_builder import SHORTENING_ORDER, build_brief, build_sections
from agents.feedback.history import load_history
from agents.run.directory import RunDirectory, open_run
from agents.run.records import Decision, FeedbackMode, RecordingRef, ReviewVerdict
from agents.search.arena import open_arena
from tests.agents.feedback.conftest import SECRET, STOPPER, WIDER, Opened

GOLDEN = Path(__file__).parent / "golden"

CASES: dict[str, tuple[int, dict[str, object]]] = {
    "first-round": (1, {}),
    "later-round": (4, {}),
    "little-room": (4, {"brief_tokens": 1200}),
    "scalar": (4, {"feedback": FeedbackMode.SCALAR}),
}


@pytest.mark.parametrize("name", CASES)
def test_brief_equals_its_golden_file(name: str, searched: RunDirectory, opened: Opened) -> None:
    number, asked = CASES[name]
    with opened(**asked) as here:
        text = build_brief(searched, here, number).text
    path = GOLDEN / f"{name}.md"
    if os.environ.get("RHEOSTAT_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_brief_contains_no_answer_and_no_question(searched: RunDirectory, opened: Opened) -> None:
    for number, asked in CASES.values():
        with opened(**asked) as here:
            brief = build_brief(searched, here, number)
        assert SECRET not in msgspec.json.encode(brief).decode()
    assert "answers right" in (GOLDEN / "later-round.md").read_text()


def test_withheld_data_is_in_no_curve_line_or_episode(
    searched: RunDirectory, opened: Opened
) -> None:
    for number in (1, 2, 3, 4):
        with opened(brief_tokens=100_000) as here:
            shown = here.split(number).shown
            hidden = {label for label, _ in here.recordings} - {
                here.recordings[place].label for place in shown.recordings
            }
            seen = {
                here.recordings[place].recording.questions[at].id
                for place, mask in zip(shown.recordings, shown.questions, strict=True)
                for at, on in enumerate(mask.tolist())
                if on
            }
            made = build_sections(here, load_history(searched, number), number)
        told = "".join(made[name][0].text for name in ("frontier", "hindsight", "episodes"))
        assert hidden
        assert [label for label in hidden if label in told] == []
        questions = set(re.findall(r"question ([\w-]+)", told))
        assert questions
        assert questions <= seen


def test_equal_runs_give_equal_briefs_in_any_directory(
    searched: RunDirectory, tmp_path: Path
) -> None:
    copy = open_run(Path(shutil.copytree(searched.path, tmp_path / "copy")))
    refs = []
    for ref in copy.request.search:
        path = Path(shutil.copy(ref.path, tmp_path / ref.path.name))
        refs.append(RecordingRef(label=ref.label, path=path, digest=ref.digest))
    copy.write("request.json", msgspec.structs.replace(copy.request, search=refs))
    found = []
    for run in (searched, copy):
        with open_arena(run, workers=1) as here:
            found.append(msgspec.json.encode(build_brief(run, here, 4)))
    assert found[0] == found[1]


def test_brief_does_not_depend_on_later_rounds(searched: RunDirectory, opened: Opened) -> None:
    """A run that was stopped while a round was on makes its brief anew."""
    with opened() as here:
        third = build_brief(searched, here, 3)
        assert "r003-1" not in third.text
        assert {each.name for each in third.known} >= {"r001-1", "r002-1"}
        assert "r003-1" not in {each.name for each in third.known}
        assert "r003-1" in build_brief(searched, here, 4).text


# What fits


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(most=st.one_of(st.integers(0, 400), st.integers(0, 8000)))
def test_brief_stays_within_any_token_limit(most: int, made: dict[str, list[object]]) -> None:
    found = fit_sections(made, SHORTENING_ORDER, most)  # type: ignore[arg-type]
    assert found.tokens == count_tokens(found.text) <= most
    assert found.text.endswith("\n") or not found.text
    assert found.text.count("```") % 2 == 0


@pytest.fixture
def made(searched: RunDirectory, opened: Opened) -> dict[str, list[object]]:
    with opened() as here:
        return dict(build_sections(here, load_history(searched, 4), 4))  # type: ignore[arg-type]


def test_every_section_can_reach_its_shortest_form(made: dict[str, list[object]]) -> None:
    for name, forms in made.items():
        assert SHORTENING_ORDER.count(name) >= len(forms) - 1


@pytest.mark.slow
def test_lower_limit_never_lengthens_a_brief_and_omissions_are_listed(
    searched: RunDirectory, opened: Opened
) -> None:
    before = None
    for most in (6000, 2000, 1500, 1000, 600):
        with opened(brief_tokens=most) as here:
            brief = build_brief(searched, here, 4)
        assert brief.tokens <= most
        assert before is None or brief.tokens <= before
        assert (f"Left out to stay within {most:,} tokens" in brief.text) is (most < 6000)
        before = brief.tokens


# What is in it


def test_known_programs_are_candidates_best_first_then_baselines(
    searched: RunDirectory, opened: Opened
) -> None:
    with opened() as here:
        known = build_brief(searched, here, 4).known
    candidates = [each for each in known if each.objective is not None]
    values = [each.objective or 0.0 for each in candidates]
    assert values == sorted(values, reverse=True)
    assert {each.name for each in candidates} == {"r001-1", "r002-1", "r003-1"}
    assert [each.name for each in known[len(candidates) :]] == ["sc", "asc"]
    assert {each.name: each.source for each in known}["r001-1"] == STOPPER


def test_rejected_candidate_is_not_known_and_its_note_is_listed(
    searched: RunDirectory, tmp_path: Path
) -> None:
    run = open_run(Path(shutil.copytree(searched.path, tmp_path / "copy")))
    run.decide(Decision(candidate="r002-1", approved=False, note="Too wide for us.", by="bo"))
    with open_arena(run, workers=1) as here:
        brief = build_brief(run, here, 4)
    assert WIDER not in {each.source for each in brief.known}
    assert brief.notes[0] == "`r002-1` was rejected: Too wide for us."
    assert brief.notes[1:] == [
        "`r001-2` was rejected: It falls.",
        "`r001-1` was approved: Go on from here.",
    ]
    assert "rejected by a reviewer" in brief.text
    assert brief.notes[0] in brief.text


@pytest.mark.slow
def test_only_the_best_twelve_candidates_are_known(searched: RunDirectory, tmp_path: Path) -> None:
    run = open_run(Path(shutil.copytree(searched.path, tmp_path / "copy")))
    reviews = {each.candidate: each for each in run.reviews()}
    names = [f"r002-{place}" for place in range(1, 20)]
    for place, name in enumerate(names):
        draft = msgspec.structs.replace(run.draft("r002-1"), candidate=name)
        run.keep_draft(draft)
        reviews[name] = msgspec.structs.replace(
            reviews["r002-1"], candidate=name, verdict=ReviewVerdict.KEPT, objective=float(place)
        )
    summary = msgspec.structs.replace(run.summaries()[1], candidates=names)
    run.write("rounds/002/summary.json", summary)
    run.write("archive.json", list(reviews.values()))
    with open_arena(run, workers=1) as here:
        known = build_brief(run, here, 3).known
    assert len(known) == 12 + 2
    assert [each.name for each in known[1:5]] == ["r002-19", "r002-18", "r002-17", "r002-16"]


def test_first_errors_of_a_failed_program_are_listed(
    searched: RunDirectory, opened: Opened
) -> None:
    with opened() as here:
        text = build_brief(searched, here, 3).text
    assert "does not check after 3 tries" in text
    assert "advance activ\n" in text
    assert "error[" in text


def test_scalar_feedback_has_one_number_per_candidate(
    searched: RunDirectory, opened: Opened
) -> None:
    with opened(feedback=FeedbackMode.SCALAR) as here:
        text = build_brief(searched, here, 4).text
    numbers = dict(re.findall(r"^- `(r\d+-\d)`: (\S+)$", text, re.MULTILINE))
    reviews = {each.candidate: each for each in searched.reviews()}
    assert list(numbers) == [each.candidate for each in reversed(searched.reviews())]
    for name, value in numbers.items():
        objective = reviews[name].objective
        assert value == ("-" if objective is None else f"{objective:.2f}")
    for word in ("question", "line", "prune", "rejected", "small", "Begin wider"):
        assert word not in text.replace("baseline", "")

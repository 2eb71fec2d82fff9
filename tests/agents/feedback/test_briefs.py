"""Complete briefs: their contents, what they never contain, and how they are shortened.

After an intended change, ``RHEOSTAT_UPDATE_GOLDEN=1`` updates the files in ``golden``; read the
difference.
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
    number, run_request = CASES[name]
    with opened(**run_request) as arena:
        text = build_brief(searched, arena, number).text
    path = GOLDEN / f"{name}.md"
    if os.environ.get("RHEOSTAT_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_brief_contains_no_answer_and_no_question(searched: RunDirectory, opened: Opened) -> None:
    for number, run_request in CASES.values():
        with opened(**run_request) as arena:
            brief = build_brief(searched, arena, number)
        assert SECRET not in msgspec.json.encode(brief).decode()
    assert "answers right" in (GOLDEN / "later-round.md").read_text()


def test_withheld_data_is_in_no_curve_line_or_episode(
    searched: RunDirectory, opened: Opened
) -> None:
    for number in (1, 2, 3, 4):
        with opened(brief_tokens=100_000) as arena:
            subset = arena.split(number).shown
            hidden = {label for label, _ in arena.recordings} - {
                arena.recordings[index].label for index in subset.recordings
            }
            described = {
                arena.recordings[index].recording.questions[position].id
                for index, mask in zip(subset.recordings, subset.questions, strict=True)
                for position, on in enumerate(mask.tolist())
                if on
            }
            sections = build_sections(arena, load_history(searched, number), number)
        text = "".join(sections[name][0].text for name in ("frontier", "hindsight", "episodes"))
        assert hidden
        assert [label for label in hidden if label in text] == []
        questions = set(re.findall(r"question ([\w-]+)", text))
        assert questions
        assert questions <= described


def test_equal_runs_give_equal_briefs_in_any_directory(
    searched: RunDirectory, tmp_path: Path
) -> None:
    copy = open_run(Path(shutil.copytree(searched.path, tmp_path / "copy")))
    refs = []
    for ref in copy.request.search:
        path = Path(shutil.copy(ref.path, tmp_path / ref.path.name))
        refs.append(RecordingRef(label=ref.label, path=path, digest=ref.digest))
    copy.write("request.json", msgspec.structs.replace(copy.request, search=refs))
    briefs = []
    for run in (searched, copy):
        with open_arena(run, workers=1) as arena:
            briefs.append(msgspec.json.encode(build_brief(run, arena, 4)))
    assert briefs[0] == briefs[1]


def test_brief_does_not_depend_on_later_rounds(searched: RunDirectory, opened: Opened) -> None:
    """A run that was stopped during a round builds its brief again."""
    with opened() as arena:
        third = build_brief(searched, arena, 3)
        assert "r003-1" not in third.text
        assert {program.name for program in third.known} >= {"r001-1", "r002-1"}
        assert "r003-1" not in {program.name for program in third.known}
        assert "r003-1" in build_brief(searched, arena, 4).text


# Length


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(most=st.one_of(st.integers(0, 400), st.integers(0, 8000)))
def test_brief_stays_within_any_token_limit(most: int, sections: dict[str, list[object]]) -> None:
    fitted = fit_sections(sections, SHORTENING_ORDER, most)  # type: ignore[arg-type]
    assert fitted.tokens == count_tokens(fitted.text) <= most
    assert fitted.text.endswith("\n") or not fitted.text
    assert fitted.text.count("```") % 2 == 0


@pytest.fixture
def sections(searched: RunDirectory, opened: Opened) -> dict[str, list[object]]:
    with opened() as arena:
        return dict(build_sections(arena, load_history(searched, 4), 4))  # type: ignore[arg-type]


def test_every_section_can_reach_its_shortest_form(sections: dict[str, list[object]]) -> None:
    for name, forms in sections.items():
        assert SHORTENING_ORDER.count(name) >= len(forms) - 1


@pytest.mark.slow
def test_lower_limit_never_lengthens_a_brief_and_omissions_are_listed(
    searched: RunDirectory, opened: Opened
) -> None:
    before = None
    for most in (6000, 2000, 1500, 1000, 600):
        with opened(brief_tokens=most) as arena:
            brief = build_brief(searched, arena, 4)
        assert brief.tokens <= most
        assert before is None or brief.tokens <= before
        assert (f"Left out to stay within {most:,} tokens" in brief.text) is (most < 6000)
        before = brief.tokens


# Contents


def test_known_programs_are_candidates_best_first_then_baselines(
    searched: RunDirectory, opened: Opened
) -> None:
    with opened() as arena:
        programs = build_brief(searched, arena, 4).known
    candidates = [program for program in programs if program.objective is not None]
    values = [candidate.objective or 0.0 for candidate in candidates]
    assert values == sorted(values, reverse=True)
    assert {candidate.name for candidate in candidates} == {"r001-1", "r002-1", "r003-1"}
    assert [program.name for program in programs[len(candidates) :]] == ["sc", "asc"]
    assert {program.name: program.source for program in programs}["r001-1"] == STOPPER


def test_rejected_candidate_is_not_known_and_its_note_is_listed(
    searched: RunDirectory, tmp_path: Path
) -> None:
    run = open_run(Path(shutil.copytree(searched.path, tmp_path / "copy")))
    run.decide(Decision(candidate="r002-1", approved=False, note="Too wide for us.", by="bo"))
    with open_arena(run, workers=1) as arena:
        brief = build_brief(run, arena, 4)
    assert WIDER not in {program.source for program in brief.known}
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
    reviews = {review.candidate: review for review in run.reviews()}
    names = [f"r002-{position}" for position in range(1, 20)]
    for position, name in enumerate(names):
        draft = msgspec.structs.replace(run.draft("r002-1"), candidate=name)
        run.store_draft(draft)
        reviews[name] = msgspec.structs.replace(
            reviews["r002-1"], candidate=name, verdict=ReviewVerdict.KEPT, objective=float(position)
        )
    summary = msgspec.structs.replace(run.summaries()[1], candidates=names)
    run.write("rounds/002/summary.json", summary)
    run.write("archive.json", list(reviews.values()))
    with open_arena(run, workers=1) as arena:
        programs = build_brief(run, arena, 3).known
    assert len(programs) == 12 + 2
    assert [program.name for program in programs[1:5]] == [
        "r002-19",
        "r002-18",
        "r002-17",
        "r002-16",
    ]


def test_first_errors_of_a_failed_program_are_listed(
    searched: RunDirectory, opened: Opened
) -> None:
    with opened() as arena:
        text = build_brief(searched, arena, 3).text
    assert "has errors after 3 tries" in text
    assert "advance activ\n" in text
    assert "error[" in text


def test_scalar_feedback_has_one_number_per_candidate(
    searched: RunDirectory, opened: Opened
) -> None:
    with opened(feedback=FeedbackMode.SCALAR) as arena:
        text = build_brief(searched, arena, 4).text
    numbers = dict(re.findall(r"^- `(r\d+-\d)`: (\S+)$", text, re.MULTILINE))
    reviews = {review.candidate: review for review in searched.reviews()}
    assert list(numbers) == [review.candidate for review in reversed(searched.reviews())]
    for name, value in numbers.items():
        objective = reviews[name].objective
        assert value == ("-" if objective is None else f"{objective:.2f}")
    for phrase in ("question", "line", "prune", "rejected", "small", "Begin wider"):
        assert phrase not in text.replace("baseline", "")

"""Controllers from Python: where they come from, and what the checker finds."""

import json
import pickle
from pathlib import Path

import pytest

from harness.api import Controller, InputError, ProgramError, check
from tests.command_lines import CommandLine
from tests.harness.small_recordings import MINE

FAULTY = "controller faulty {\n  start { open m }\n  finally { answer winner(alivee) }\n}\n"


def test_a_controller_comes_from_the_library_a_file_or_text(home: Path) -> None:
    (home / "mine.rheo").write_text(MINE)
    named, filed, given = Controller("cmc"), Controller(home / "mine.rheo"), Controller(MINE)
    assert (named.name, named.origin, named.follows_beta) == ("cmc", "library", True)
    assert (filed.name, filed.title) == ("mine", "A small one")
    assert filed == given
    assert filed.source == MINE
    assert filed.digest == given.digest != named.digest


def test_knobs_follow_beta() -> None:
    controller = Controller(MINE)
    assert (dict(controller.knobs(0)), dict(controller.knobs(1))) == ({"n": 2}, {"n": 4})
    with pytest.raises(InputError, match="beta"):
        controller.knobs(2)


def test_findings_are_those_of_the_command(home: Path, cli: CommandLine) -> None:
    (home / "faulty.rheo").write_text(FAULTY)
    result = cli("check", "faulty.rheo", "--json")
    shown = json.loads(result.out)
    found = check(Path("faulty.rheo"))
    assert [finding.code for finding in found] == [
        finding["code"] for finding in shown[0]["diagnostics"]
    ]
    assert [finding.start.line for finding in found] == [
        finding["start"]["line"] for finding in shown[0]["diagnostics"]
    ]
    assert len(found) > 1
    assert not found.ok
    assert str(found) in cli("check", "faulty.rheo").out


def test_a_faulty_program_is_one_exception_with_all_findings() -> None:
    with pytest.raises(ProgramError) as caught:
        Controller(FAULTY)
    assert str(caught.value) == str(check(FAULTY))
    assert [finding.code for finding in caught.value.diagnostics.errors] == [
        finding.code for finding in check(FAULTY).errors
    ]
    restored = pickle.loads(pickle.dumps(caught.value))
    assert str(restored) == str(caught.value)


def test_a_sound_program_has_no_findings_and_a_warning_does_not_refuse_one() -> None:
    assert check("cmc").ok
    assert str(check("cmc")) == "no problems found"
    suspicious = MINE.replace("rise(trend) > 0.2", "share(alive) > 95")
    assert check(suspicious).ok
    assert [finding.code for finding in Controller(suspicious).warnings] == [
        finding.code for finding in check(suspicious).warnings
    ]
    assert len(check(suspicious).warnings) > 0


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean cmc"):
        Controller("cmcc")


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "mine.py: no such program"), (b'name = "\xff"\n', "mine.py, byte 8: not valid UTF-8")],
)
def test_an_unreadable_controller_in_python_is_refused_in_a_sentence(
    home: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (home / "mine.py").write_bytes(content)
    for load in (check, Controller):
        with pytest.raises(InputError) as caught:
            load("mine.py")
        assert str(caught.value).startswith(message)


def test_a_controller_is_shown_with_its_source_as_text() -> None:
    shown = Controller(MINE.replace("A small one", "<b>bold</b>"))._repr_html_()
    assert "&lt;b&gt;bold&lt;/b&gt;" in shown
    assert "<b>bold</b>" not in shown


def test_marks_of_a_message_are_below_what_they_mark_in_every_notebook() -> None:
    shown = check("controller a { finally { answer winner(al) } }")._repr_html_()
    assert "font-family: monospace; white-space: pre-wrap" in shown
    assert "^^ no such name" in shown

"""Controllers, recordings and settings as they are typed."""

from pathlib import Path

import pytest

from dsl import library
from harness.cli.options import ENGINES
from harness.engines import catalog
from harness.errors import InputError
from harness.request.assignments import expand_assignments, resolve_assignments
from harness.request.controllers import load_program, load_programs
from harness.request.recordings import find_question, open_recordings
from store.environment import save
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def a_program(path: Path, name: str = "sc") -> Path:
    path.write_text(library.load_source(name).text, encoding="utf-8")
    return path


def a_recording(path: Path, model: str, questions: int = 2) -> Path:
    reasoner = SimulatedReasoner(model, skill=0.5, verbosity=1.0, noise=0.1, drift=0.1)
    save(simulate(reasoner, Benchmark("bench", questions, 4)), path)
    return path


@pytest.mark.parametrize("name", library.NAMES)
def test_a_bare_name_is_a_library_controller(name: str) -> None:
    program = load_program(name)
    assert (program.label, program.origin) == (name, "library")


def test_a_file_with_the_text_of_a_library_program_has_its_digest(home: Path) -> None:
    a_program(home / "mine.rheo")
    mine = load_program("mine.rheo")
    assert (mine.label, mine.origin) == ("sc", "mine.rheo")
    assert mine.digest == load_program("sc").digest
    (home / "mine.rheo").write_text("# more\n" + (home / "mine.rheo").read_text())
    assert load_program("mine.rheo").digest != mine.digest


def test_the_library_comes_before_a_file_without_a_suffix(home: Path) -> None:
    a_program(home / "sc", "esc")
    assert load_program("sc").origin == "library"
    assert load_program("./sc").label == "esc"


def test_controllers_of_one_name_are_labelled_by_their_arguments(home: Path) -> None:
    a_program(home / "mine.rheo")
    assert [program.label for program in load_programs(["sc", "mine.rheo", "esc"])] == [
        "sc", "mine.rheo", "esc",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("argument", "problem", "hint"),
    [
        ("cmx", "the library has no controller 'cmx'; did you mean cmc?", "by its file"),
        ("zzzz", "the library has no controller 'zzzz'; choose from sc, asc, esc", "by its file"),
        ("esc.rheo", "esc.rheo: no such program", "the library has esc"),
        ("no/where.rheo", "no/where.rheo: no such program", None),
        ("broken.rheo", "broken.rheo:1:1: ", "`rheostat check broken.rheo`"),
        ("binary.rheo", "binary.rheo, byte 0: not valid UTF-8; a program is UTF-8 text", None),
    ],
)
def test_unknown_controllers_are_reported(
    argument: str, problem: str, hint: str | None, home: Path
) -> None:
    (home / "broken.rheo").write_text("nothing of the kind")
    (home / "binary.rheo").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError) as error:
        load_program(argument)
    assert str(error.value).startswith(problem)
    assert "\n" not in str(error.value)
    assert (error.value.hint is None) if hint is None else (hint in str(error.value.hint))


def test_a_repeated_controller_is_refused() -> None:
    with pytest.raises(InputError, match="the controller esc is given 2 times"):
        load_programs(["esc", "sc", "esc"])


def test_recordings_of_one_name_are_labelled_by_their_paths(home: Path) -> None:
    one = a_recording(home / "one.recording", "m")
    two = a_recording(home / "two.recording", "m", questions=3)
    other = a_recording(home / "other.recording", "n")
    assert [recording.label for recording in open_recordings([one, two, other])] == [
        str(one), str(two), "n/bench",
    ]  # fmt: skip


def test_a_repeated_recording_is_refused(home: Path) -> None:
    one = a_recording(home / "one.recording", "m")
    twin = a_recording(home / "twin.recording", "m")
    with pytest.raises(InputError, match="is the same recording as"):
        open_recordings([one, twin])


def test_a_setting_goes_to_every_controller_that_has_the_knob() -> None:
    programs = load_programs(["sc", "esc", "cmc"])
    assert expand_assignments(programs, ["n=1,16"]) == [
        [{"n": 1}, {"n": 16}], [{"n": 1}, {"n": 16}], [{}],
    ]  # fmt: skip


def test_a_setting_for_one_controller_overrides_the_general_one() -> None:
    programs = load_programs(["sc", "esc"])
    assert expand_assignments(programs, ["esc.n=64", "n=1,16"]) == [
        [{"n": 1}, {"n": 16}],
        [{"n": 64}],
    ]


def test_several_knobs_make_every_combination() -> None:
    result = expand_assignments(load_programs(["esc"]), ["n=16,64", "size=4,8"])
    assert result == [
        [{"n": n, "size": size} for n in (16, 64) for size in (4, 8)],
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("esc.siz=4", "esc has no free knob siz; did you mean size?"),
        ("siz=4", "none of the controllers has a free knob siz; did you mean size?"),
        ("cmc.n=4", "cmc has no free knobs, so n cannot be set"),
        ("width=4", "width depends on beta and cannot be set; set beta"),
        ("ecs.n=4", "there is no controller ecs here; did you mean esc?"),
        ("n=0", "`n` takes an integer from 1 to 1024, and 0 is not one, in sc"),
        ("n=1.5", "`n` takes an integer from 1 to 1024, and 1.5 is not one, in sc"),
        ("n=", "nothing is not a number"),
        ("n", "not a setting; write KNOB=VALUE"),
        ("=4", "not a setting; write KNOB=VALUE"),
        ("esc.=4", "not a setting; write KNOB=VALUE"),
    ],
)
def test_invalid_assignments_are_reported(text: str, problem: str) -> None:
    with pytest.raises(InputError) as error:
        expand_assignments(load_programs(["sc", "esc", "cmc"]), [text])
    assert str(error.value).startswith(f"--set {text.split('=')[0]}")
    assert problem in str(error.value)


def test_a_repeated_assignment_is_refused() -> None:
    with pytest.raises(InputError, match="n is already set by --set n=1; give all values in one"):
        expand_assignments(load_programs(["sc"]), ["n=1", "n=2"])


def test_a_command_that_plays_one_setting_takes_one_value() -> None:
    [esc] = load_programs(["esc"])
    assert resolve_assignments(esc, ["n=16"]) == {"n": 16}
    with pytest.raises(InputError, match="--set size=4,8: give one value here"):
        resolve_assignments(esc, ["n=16", "size=4,8"])


def test_engine_names_of_the_option_match_the_catalog() -> None:
    assert ENGINES == catalog.ENGINE_NAMES
    assert len({catalog.get_engine(name).name for name in ENGINES}) == len(ENGINES)


def test_an_id_without_leading_zeros_is_a_question_number(home: Path) -> None:
    [named] = open_recordings([a_recording(home / "a.recording", "m", questions=12)])
    ids = [question.id for question in named.recording.questions]
    short = ids[3].replace("-0", "-")
    assert short != ids[3]
    with pytest.raises(InputError, match=f"did you mean {ids[3]}\\?"):
        find_question(named.recording, short)

"""The option ``--start-from``."""

from pathlib import Path

import pytest

from agents.run.directory import create_run
from agents.run.records import Draft, PointFigures, Proposal, Review, ReviewVerdict
from agents.run.user_profiles import UserProfile
from agents.setup.program_options import FROM_RUN, START_FROM, load_starting_programs
from dsl.library import load_source
from harness.errors import InputError
from tests.agents.conftest import request

FOLLOWS = (
    "controller mine { schedule { rising n = round(1 + 7 * beta) } start { sample n }\n"
    "finally { answer winner(finished) else none } }\n"
)


def names(*options: str) -> list[str]:
    return [program.name for program in load_starting_programs(options)]


def test_default_starting_programs_are_handmade_and_library() -> None:
    programs = [program.name for program in load_starting_programs(START_FROM)]
    assert {"short", "widening", "cmc", "early_votes"} <= set(programs)


def test_discovered_controllers_are_not_among_the_hand_made_programs() -> None:
    assert not {"cmc", "early_votes"} & set(names("handmade"))


def test_library_controller_and_file_are_single_starting_programs(tmp_path: Path) -> None:
    path = tmp_path / "mine.rheo"
    path.write_text(FOLLOWS)
    assert names("early_votes", str(path)) == ["early_votes", "mine"]


def test_group_library_has_the_programs_that_follow_beta_and_need_no_signal() -> None:
    assert names("library") == ["cmc", "early_votes", "prune_to_one"]


def test_program_named_twice_is_loaded_once() -> None:
    assert names("cmc", "library").count("cmc") == 1


def test_programs_of_one_name_are_numbered(tmp_path: Path) -> None:
    paths = []
    for folder, rise in (("a", 7), ("b", 8)):
        paths.append(tmp_path / folder / "cmc.rheo")
        paths[-1].parent.mkdir()
        paths[-1].write_text(FOLLOWS.replace("mine", "cmc").replace("7", f"{rise}"))
    assert names("cmc", *map(str, paths)) == ["cmc", "cmc-2", "cmc-3"]


def test_program_with_free_knobs_is_a_template() -> None:
    assert names("sc") == ["sc"]


def test_template_with_the_name_of_one_of_the_package_is_numbered(tmp_path: Path) -> None:
    path = tmp_path / "mine.rheo"
    path.write_text(load_source("sc").text.replace("controller sc", "controller finishers"))
    assert names(str(path)) == ["finishers-2"]


def test_program_without_schedule_and_knobs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rigid.rheo"
    path.write_text("controller rigid { start { sample 4 } finally { answer none } }\n")
    with pytest.raises(InputError, match=r"--start-from .*rigid.rheo: .* schedule or free knobs"):
        names(str(path))


def test_unknown_name_is_refused() -> None:
    with pytest.raises(InputError, match="handmad"):
        names("handmad")


def test_run_without_candidates_is_refused(recordings: list[Path], tmp_path: Path) -> None:
    create_run(tmp_path / "run", request(recordings))
    with pytest.raises(InputError, match="no candidates yet"):
        names(str(tmp_path / "run"))


def test_candidates_of_a_run_are_chosen_by_the_profiles_that_they_meet(
    recordings: list[Path], tmp_path: Path
) -> None:
    run = create_run(tmp_path / "run", request(recordings))
    reviews = []
    for number in range(FROM_RUN + 2):
        candidate = f"r001-{number + 1}"
        source = FOLLOWS.replace("7 * beta", f"{number + 1} * beta")
        run.store_draft(
            Draft(
                candidate=candidate, proposer="evolve", proposal=Proposal(source=source, words="")
            )
        )
        point = PointFigures(
            beta=0.5,
            settings={},
            accuracy=50.0,
            cost=1000.0 * number,
            sequential=100.0 / (number + 1),
        )
        reviews.append(
            Review(
                candidate=candidate,
                verdict=ReviewVerdict.KEPT,
                objective=float(number),
                points={"small": [point]},
            )
        )
    run.write("archive.json", reviews)
    cheap = UserProfile(name="cheap", accuracy=50.0, tokens=1500.0)
    fast = UserProfile(name="fast", sequential=20.0)

    def chosen(*profiles: UserProfile) -> list[str]:
        programs = load_starting_programs([str(run.path)], profiles)
        return [program.name.removeprefix("run/r001-") for program in programs]

    assert chosen() == ["7", "6", "5", "4", "3"]
    assert chosen(cheap)[:2] == ["2", "1"]
    assert chosen(fast)[:3] == ["7", "6", "5"]

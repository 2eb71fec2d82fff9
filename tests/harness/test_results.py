from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evaluation.jobs import Job
from harness.evaluation.result_cache import ResultCache
from harness.mdp.episodes import EpisodeArrays, empty_episodes

JOB = Job(
    recording="a" * 64, program="b" * 64, knobs={"n": 4}, beta=0.5, seeds=(0, 1, 2), budget=None,
    probe_cost=0, engine="interpreter 1",
)  # fmt: skip


def episodes(questions: int = 4, seeds: int = 3) -> EpisodeArrays:
    chance = np.random.default_rng(questions)
    result = empty_episodes(questions, seeds)
    for column in result:
        column[:] = chance.integers(0, 2 if column.dtype == bool else 2**31 - 1, column.shape)
    return result


def same(one: EpisodeArrays | None, other: EpisodeArrays) -> bool:
    if one is None:
        return False
    kept, given = one._asdict(), other._asdict()
    return all(
        kept[name].dtype == given[name].dtype and np.array_equal(kept[name], given[name])
        for name in given
    )


def the_file(directory: Path) -> Path:
    [file] = [path for path in directory.rglob("*") if path.is_file()]
    return file


def test_cached_results_are_found(tmp_path: Path) -> None:
    ResultCache(tmp_path).keep(JOB, episodes())
    assert same(ResultCache(tmp_path).find(JOB), episodes())


def test_large_numbers_are_cached_exactly(tmp_path: Path) -> None:
    wide = episodes()
    wide.tokens[0, 0] = 1 << 60
    ResultCache(tmp_path).keep(JOB, wide)
    assert same(ResultCache(tmp_path).find(JOB), wide)


def test_an_empty_cache_has_no_result(tmp_path: Path) -> None:
    assert ResultCache(tmp_path / "none").find(JOB) is None
    (tmp_path / "file").write_text("")
    assert ResultCache(tmp_path / "file").find(JOB) is None


@pytest.mark.parametrize(
    "change",
    [
        {"recording": "c" * 64}, {"program": "c" * 64}, {"knobs": {"n": 5}}, {"knobs": {"n": 4.0}},
        {"knobs": {}}, {"beta": None}, {"beta": 0.25}, {"seeds": (0, 1)}, {"seeds": (0, 1, 3)},
        {"budget": 0}, {"probe_cost": 1}, {"engine": "interpreter 2"},
    ],
)  # fmt: skip
def test_another_job_is_another_result(change: dict[str, object], tmp_path: Path) -> None:
    ResultCache(tmp_path).keep(JOB, episodes())
    assert ResultCache(tmp_path).find(msgspec.structs.replace(JOB, **change)) is None


def test_the_order_of_knobs_does_not_matter() -> None:
    one = msgspec.structs.replace(JOB, knobs={"n": 4, "size": 2})
    assert one.digest == msgspec.structs.replace(JOB, knobs={"size": 2, "n": 4}).digest


def test_a_cache_entry_holds_its_job(tmp_path: Path) -> None:
    ResultCache(tmp_path).keep(JOB, episodes())
    file = the_file(tmp_path)
    assert file.parent.name + file.stem == JOB.digest
    result = msgspec.msgpack.decode(file.read_bytes()[32:])[0]
    assert msgspec.convert(result, Job) == JOB


@given(place=st.integers(0, 10_000), flip=st.integers(0, 255))
def test_a_damaged_entry_is_replaced(
    place: int, flip: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("results")
    results = ResultCache(directory)
    results.keep(JOB, episodes())
    file = the_file(directory)
    content = bytearray(file.read_bytes())
    place %= len(content)
    if flip:
        content[place] ^= flip
    else:  # torn
        del content[place:]
    file.write_bytes(content)
    assert results.find(JOB) is None
    results.keep(JOB, episodes())
    assert same(results.find(JOB), episodes())


def test_an_entry_of_another_job_under_the_same_name_is_ignored(tmp_path: Path) -> None:
    results = ResultCache(tmp_path)
    results.keep(JOB, episodes())
    other = msgspec.structs.replace(JOB, beta=1.0)
    file = the_file(tmp_path)
    target = tmp_path / "results" / other.digest[:2] / f"{other.digest[2:]}.episodes"
    target.parent.mkdir(exist_ok=True)
    file.rename(target)
    assert results.find(other) is None


def test_a_result_that_cannot_be_written_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space left"):
        ResultCache(tmp_path).keep(JOB, episodes())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_several_processes_can_cache_the_same_result(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        for _ in range(40):
            pool.submit(ResultCache(tmp_path).keep, JOB, episodes())
    assert same(ResultCache(tmp_path).find(JOB), episodes())
    assert the_file(tmp_path).suffix == ".episodes"

"""Compiled objects are kept by content, safely, and a cache that fails costs only time."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dsl import library
from dsl.checker import CheckedProgram
from dsl.compiler import native, objects
from dsl.compiler.native import TargetMachine, Tier
from dsl.compiler.objects import ObjectCache
from dsl.compiler.translation import Variant
from dsl.program import load_checked_program
from dsl.source import Source

ROOT = Path(__file__).parents[3]

TEXT = 'controller c { start { open 1 } finally { answer "A" } }'


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[Tier]:
    """Notes every compilation that goes through a cache; shared kernels are loaded before."""
    ObjectCache()._load_shared()
    made: list[Tier] = []

    def compile_text(text: str, tier: Tier) -> bytes:
        made.append(tier)
        return native.compile_text(text, tier)

    monkeypatch.setattr(objects, "compile_text", compile_text)
    return made


def checked(text: str = TEXT) -> CheckedProgram:
    return load_checked_program(Source(text))


def kept(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.object"))


def test_a_program_is_compiled_once_in_a_process(compilations: list[Tier]) -> None:
    here = ObjectCache()
    first, again = here.load(checked()), here.load(checked())
    assert first[1] is again[1]
    assert compilations == [Tier.QUICK]


def test_a_program_is_compiled_once_for_all_processes(
    tmp_path: Path, compilations: list[Tier]
) -> None:
    for _ in range(3):
        ObjectCache(tmp_path).load(checked())
    assert len(compilations) == 1
    assert len(kept(tmp_path)) == 1


def test_nothing_is_cached_without_a_directory(tmp_path: Path, compilations: list[Tier]) -> None:
    for _ in range(2):
        ObjectCache().load(checked())
    assert len(compilations) == 2
    assert kept(tmp_path) == []


def test_different_programs_have_different_cache_entries(
    tmp_path: Path, compilations: list[Tier], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = native.detect_machine()
    ObjectCache(tmp_path).load(checked())
    ObjectCache(tmp_path).load(checked(TEXT.replace("open 1", "open 2")))
    ObjectCache(tmp_path).load(checked(), Variant(counting=True))
    ObjectCache(tmp_path, Tier.FULL).load(checked())
    # The same target under another name: what is tested is the key.
    monkeypatch.setattr(native, "version", lambda: "another compiler")
    ObjectCache(tmp_path).load(checked())
    monkeypatch.setattr(
        native, "detect_machine", lambda: TargetMachine(here.cpu, f"{here.features},", here.triple)
    )
    ObjectCache(tmp_path).load(checked())
    assert len(compilations) == 6
    assert len(kept(tmp_path)) == 6


def test_wide_recording_has_separate_code(tmp_path: Path, compilations: list[Tier]) -> None:
    reading = checked("controller c { start { open 1 } finally { answer winner(alive) } }")
    for wide in (False, True, False):
        ObjectCache(tmp_path).load(reading, Variant(wide=wide))
    assert len(compilations) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:10],
        lambda content: content[:-1],
        lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:],
        lambda content: bytes(32) + content[32:],
        lambda content: content + b"more",
    ],
    ids=["empty", "torn in the digest", "torn", "a bit flipped", "another digest", "longer"],
)
def test_damaged_entry_is_recompiled(
    tmp_path: Path, compilations: list[Tier], damage: Callable[[bytes], bytes]
) -> None:
    ObjectCache(tmp_path).load(checked())
    [path] = kept(tmp_path)
    sound = path.read_bytes()
    path.write_bytes(damage(sound))
    ObjectCache(tmp_path).load(checked())
    assert len(compilations) == 2
    assert path.read_bytes() == sound


def test_entry_that_is_not_a_file_is_recompiled(tmp_path: Path, compilations: list[Tier]) -> None:
    ObjectCache(tmp_path).load(checked())
    [path] = kept(tmp_path)
    path.unlink()
    path.mkdir()
    ObjectCache(tmp_path).load(checked())
    assert len(compilations) == 2
    assert [path.name for path in tmp_path.iterdir()] == [path.name], "nothing half-written is left"


@pytest.mark.parametrize("where", ["a file", "below a file"])
def test_unusable_cache_directory_is_ignored(
    tmp_path: Path, compilations: list[Tier], where: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    directory = tmp_path / "file" if where == "a file" else tmp_path / "file" / "objects"
    for _ in range(2):
        ObjectCache(directory).load(checked())
    assert len(compilations) == 2
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.slow
def test_many_processes_may_fill_one_cache(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from dsl import library;"
        " from dsl.compiler.objects import ObjectCache;"
        " from dsl.program import load_checked_program as load;"
        " cache = ObjectCache(Path(sys.argv[1]));"
        " [cache.load(load(library.load_source(name))) for name in ('sc', 'esc')]"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in range(4)
    ]
    assert [process.wait(120) for process in running] == [0] * len(running)
    assert len(list(tmp_path.iterdir())) == len(kept(tmp_path)) == 3, "two programs, the kernels"


def test_every_program_of_the_library_is_translated_equally_every_time(tmp_path: Path) -> None:
    for name in library.NAMES:
        ObjectCache(tmp_path).load(load_checked_program(library.load_source(name)))
    before = {path.name: path.read_bytes() for path in kept(tmp_path)}
    for name in library.NAMES:
        ObjectCache(tmp_path).load(load_checked_program(library.load_source(name)))
    assert {path.name: path.read_bytes() for path in kept(tmp_path)} == before


def test_loaded_programs_are_released(
    compilations: list[Tier], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "MOST_LOADED", 2)
    here = ObjectCache()
    for count in (1, 2, 3, 3, 2, 1):
        here.load(checked(TEXT.replace("open 1", f"open {count}")))
    assert len(compilations) == 4, "the last two are at hand, the first was let go"


def test_programs_that_differ_only_in_their_schedules_share_their_code() -> None:
    objects = ObjectCache()
    text = library.load_source("cmc").text
    other = text.replace("2 + 6 * beta", "3 + 6 * beta")
    assert other != text
    (module, code), (other_module, other_code) = (
        objects.load(load_checked_program(Source(source))) for source in (text, other)
    )
    assert module.text == other_module.text
    assert code is other_code

"""The rooms are this project's own, and each loads without the rooms that come after it."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from store.simulation import write_sample

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("store", "dsl", "harness", "sandbox", "agents", "tui")
LATER = {
    "store": {"dsl", "harness", "sandbox", "agents", "tui"},
    "dsl": {"store", "harness", "sandbox", "agents", "tui"},
    "harness": {"sandbox", "agents", "tui"},
    "sandbox": {"agents", "tui"},
    "agents": {"tui"},
    "tui": set[str](),
}
HEAVY = {
    "store": {"lark", "click", "rich"},
    "dsl": {"numpy", "pyarrow", "click", "rich"},
    "harness": {"textual", "langgraph", "docker", "cmaes", "pebble"},
    "sandbox": {"textual", "langgraph", "cmaes", "pebble"},
    "agents": {"textual", "docker"},
    "tui": {"docker"},
}
"""What a room has no use for; it would slow every command that loads it."""

LOAD = """
import importlib, json, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def modules(room: str) -> list[str]:
    names = []
    for path in sorted((ROOT / room).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        names.append(".".join(part for part in parts if part != "__init__"))
    return names


def loaded_with(names: list[str]) -> set[str]:
    """The top-level packages in a fresh process that imports ``names``."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD, json.dumps(names)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("room", ROOMS)
def test_a_package_is_imported_from_this_project(room: str) -> None:
    found = importlib.import_module(room).__file__
    assert found is not None
    assert Path(found).resolve() == ROOT / room / "__init__.py"


@pytest.mark.parametrize("room", ROOMS)
def test_a_package_is_marked_as_typed(room: str) -> None:
    assert (ROOT / room / "py.typed").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("room", ROOMS)
def test_every_module_of_a_package_loads_without_later_packages(room: str) -> None:
    loaded = loaded_with(modules(room))
    assert room in loaded
    assert loaded & (LATER[room] | HEAVY[room]) == set()


def test_the_episode_interface_imports_only_msgspec() -> None:
    loaded = loaded_with(["dsl.episode"])
    assert "msgspec" in loaded
    assert loaded & {"lark", "numpy", *LATER["dsl"]} == set()


def test_container_code_imports_neither_recordings_nor_the_harness() -> None:
    loaded = loaded_with([*modules("sandbox/python"), *modules("sandbox/worker")])
    assert "sandbox" in loaded
    assert loaded & {"store", "harness", "agents", "numpy", "lark", "docker"} == set()


SWEEP = """
import sys
from harness.cli.entry import run
sys.argv = ["rheostat", "sweep", "cmc", "--on", sys.argv[1], "--beta", "1", "--no-cache"]
try:
    run()
except SystemExit as end:
    assert not end.code
print(sorted(name for name in sys.modules if "allocation" in name or "pipelines" in name))
"""


def test_sweep_loads_no_allocation_code(tmp_path: Path) -> None:
    recording = next(iter(write_sample(tmp_path))).path
    done = subprocess.run(
        [sys.executable, "-c", SWEEP, recording],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"

"""The files of an image, listed by name so that nothing else of the project is included."""

import shutil
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROJECT_FILES = (
    "dsl/__init__.py",
    "dsl/aggregates.py",
    "dsl/beta.py",
    "dsl/dirichlet.py",
    "dsl/episode.py",
    "dsl/exponentials.py",
    "dsl/numeric.py",
    "dsl/python_source.py",
    "dsl/random_draws.py",
    "sandbox/__init__.py",
    "sandbox/faults.py",
    "sandbox/python/__init__.py",
    "sandbox/python/arguments.py",
    "sandbox/python/branches.py",
    "sandbox/python/columns.py",
    "sandbox/python/controller.py",
    "sandbox/python/controller_episode.py",
    "sandbox/python/expressions.py",
    "sandbox/python/functions.py",
    "sandbox/python/guards.py",
    "sandbox/python/inline_checks.py",
    "sandbox/python/inline_items.py",
    "sandbox/python/inline_lambdas.py",
    "sandbox/python/inline_turns.py",
    "sandbox/python/line_counting.py",
    "sandbox/python/names.py",
    "sandbox/python/policy.py",
    "sandbox/python/scopes.py",
    "sandbox/python/syntax.py",
    "sandbox/python/texts.py",
    "sandbox/python/windows.py",
    "sandbox/worker/__init__.py",
    "sandbox/worker/__main__.py",
    "sandbox/worker/episodes.py",
    "sandbox/worker/messages.py",
)
"""Files of the project."""

PACKAGES = ("RestrictedPython", "greenlet", "msgspec")
"""Packages that these need, by distribution name."""

_LEFT_OUT = shutil.ignore_patterns("__pycache__", "tests", "*.cpp", "*.hpp", "*.h", "*.pyi")


def digest() -> str:
    """Return the image digest in 16 digits: file contents and package versions."""
    checksum = sha256()
    for name in PROJECT_FILES:
        checksum.update(f"{name}\0".encode() + (ROOT / name).read_bytes() + b"\0")
    for requirement in list_requirements():
        checksum.update(requirement.encode())
    return checksum.hexdigest()[:16]


def list_requirements() -> list[str]:
    """Return the packages, in the versions of this interpreter."""
    return [f"{name}=={version(name)}" for name in PACKAGES]


def copy_project_files(target: Path) -> None:
    """Copy the project's files."""
    for name in PROJECT_FILES:
        destination = target / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, destination)


def copy_packages(target: Path) -> None:
    """Copy the packages as they are installed here."""
    for name in PACKAGES:
        spec = find_spec(name)
        assert spec is not None
        assert spec.submodule_search_locations is not None
        (folder,) = spec.submodule_search_locations
        shutil.copytree(folder, target / name, ignore=_LEFT_OUT)

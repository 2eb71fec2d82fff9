"""Real vLLM servers on the CPU: one for a model that writes programs, one for each reasoner."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from agents.evolution.starting_programs import load_seeds
from agents.variation import generate, hoist_invariants
from dsl.formatter import print_tree
from tests.vllm.serving import PYTHON, calm, serving

HERE = Path(__file__).parent

REASONERS = HERE / "reasoners"
"""The folders of the reasoners: ``small``, ``medium`` and ``large``."""

CONTEXT = 24576
"""Tokens of a program's prompt and reply."""


@pytest.fixture(scope="session")
def vllm_python() -> Path:
    """The Python that has vLLM."""
    if not PYTHON.exists():
        pytest.skip("vLLM is not installed; `make test-vllm` does it")
    return PYTHON


@pytest.fixture(scope="session")
def tiny_model(vllm_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of half a million parameters that writes programs, more or less."""
    folder = tmp_path_factory.mktemp("tiny")
    texts = folder / "texts.json"
    texts.write_text(json.dumps(programs()))
    made = [str(vllm_python), str(HERE / "tiny_model.py"), str(texts), str(folder / "model")]
    subprocess.run(made, check=True, capture_output=True, env=calm())
    return folder / "model"


@pytest.fixture(scope="session")
def vllm_url(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's URL; it serves ``tiny``."""
    log = tmp_path_factory.mktemp("vllm") / "log"
    with serving(tiny_model, "tiny", log, "--max-num-seqs", "16", context=CONTEXT) as url:
        yield url


def _reasoner(name: str) -> Callable[[Path, pytest.TempPathFactory], Iterator[str]]:
    """Serves a reasoner under its own name (reasoners/README.md), and gives the server's URL."""

    @pytest.fixture(scope="session", name=f"{name}_url")
    def served(vllm_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
        log = tmp_path_factory.mktemp(name) / "log"
        with serving(REASONERS / name, name, log) as url:
            yield url

    return served


small_url, medium_url, large_url = map(_reasoner, ("small", "medium", "large"))


def programs() -> list[str]:
    """Programs with a reason before each, as a constrained reply has them."""
    chance = Random(0)
    drawn = [
        f"# Drawn at random.\n{print_tree(hoist_invariants(generate(chance)))}" for _ in range(500)
    ]
    written = [f"# A seed.\n{plain(seed.source)}" for seed in load_seeds()]
    return drawn + 10 * written


def plain(source: str) -> str:
    """A program without its comments."""
    return re.sub(r"[ ]*#[^\n]*\n", "\n", source).strip() + "\n"

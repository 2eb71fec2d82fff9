"""A real llama.cpp server on the CPU, for a tiny reasoner."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.llamacpp.serving import PYTHON, serving, write_model
from tests.vllm.conftest import REASONERS

NAME = "medium"
"""The reasoner, and what it is called at the server."""


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reasoner as a GGUF file."""
    if not PYTHON.exists():
        pytest.skip("llama.cpp is not installed; `make test-llamacpp` does it")
    target = tmp_path_factory.mktemp("model") / f"{NAME}.gguf"
    write_model(REASONERS / NAME, target)
    return target


@pytest.fixture(scope="session")
def llama_url(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's address."""
    log = tmp_path_factory.mktemp("llamacpp") / "log"
    with serving(model_file, NAME, log, "--metrics") as url:
        yield url

"""A real vLLM server on the CPU, with a tiny model that is taught to write programs there."""

import json
import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from agents.evolution.starting import seeds
from agents.variation import generate, hoisted
from dsl.formatter import print_tree

HERE = Path(__file__).parent
PLACE = HERE.parents[1] / ".vllm"
"""Where `make test-vllm` installs vLLM."""

CONTEXT = 16384
PATIENCE = 300.0
"""Seconds for the server to come up."""


@pytest.fixture(scope="session")
def vllm_python() -> Path:
    """The Python that has vLLM."""
    python = PLACE / "bin" / "python"
    if not python.exists():
        pytest.skip("vLLM is not installed; `make test-vllm` does it")
    return python


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
def vllm_url(
    vllm_python: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The server's URL; it serves ``tiny``."""
    log = tmp_path_factory.mktemp("vllm") / "log"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        str(vllm_python.parent / "vllm"), "serve", str(tiny_model), "--host", "127.0.0.1",
        "--port", str(port), "--served-model-name", "tiny", "--max-model-len", str(CONTEXT),
        "--max-num-seqs", "16", "--block-size", "32", "--enforce-eager", "--dtype", "float32",
    ]  # fmt: skip
    with log.open("wb") as output:
        server = subprocess.Popen(
            words, stdout=output, stderr=subprocess.STDOUT, env=calm(), start_new_session=True
        )
        try:
            await_health(server, port, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, 15)
            server.wait(60)


def await_health(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()[-3000:]
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
            return
        time.sleep(0.5)
    raise TimeoutError(log.read_text()[-3000:])


def programs() -> list[str]:
    """Programs with a reason before each, as a constrained reply has them."""
    chance = Random(0)
    drawn = [f"# Drawn at random.\n{print_tree(hoisted(generate(chance)))}" for _ in range(500)]
    written = [f"# A seed.\n{plain(each.source)}" for each in seeds()]
    return drawn + 10 * written


def plain(source: str) -> str:
    """A program without its comments."""
    return re.sub(r"[ ]*#[^\n]*\n", "\n", source).strip() + "\n"


def calm() -> dict[str, str]:
    """The environment in which vLLM neither compiles nor telephones."""
    return os.environ | {
        "TORCHDYNAMO_DISABLE": "1", "OMP_NUM_THREADS": "1", "VLLM_CPU_KVCACHE_SPACE": "1",
        "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1",
    }  # fmt: skip

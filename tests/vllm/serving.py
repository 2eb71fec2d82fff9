"""A real vLLM server on the CPU: started, waited for, and stopped."""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PLACE = Path(__file__).parents[2] / ".vllm"
"""Where `make test-vllm` installs vLLM."""

PYTHON = PLACE / "bin" / "python"

PATIENCE = 300.0
"""Seconds for a server to come up."""


@contextmanager
def serving(
    model: Path, name: str, log: Path, *options: str, port: int | None = None, context: int = 1024
) -> Iterator[str]:
    """Serves a model and gives the URL of its interface, which ends in ``/v1``.

    Args:
        model: the model's folder, as Hugging Face has it.
        name: what the model is called by those who ask for it.
        log: the file that what the server says is added to.
        options: further words for ``vllm serve``; they come last, so they win.
        port: one that is free, for a server that comes back where it was.
        context: tokens of a prompt and its reply.

    Raises:
        AssertionError: if the server ends before it answers.
        TimeoutError: if it does not answer in `PATIENCE` seconds.
    """
    port = port or free_port()
    words = [
        str(PLACE / "bin" / "vllm"), "serve", str(model), "--host", "127.0.0.1",
        "--port", str(port), "--served-model-name", name, "--max-model-len", str(context),
        "--max-num-seqs", "64", "--block-size", "32", "--enable-prompt-tokens-details",
        "--enforce-eager", "--dtype", "float32", *options,
    ]  # fmt: skip
    with log.open("ab") as output:
        server = subprocess.Popen(
            words, stdout=output, stderr=subprocess.STDOUT, env=calm(), start_new_session=True
        )
        try:
            await_health(server, port, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            stop(server)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def stop(server: "subprocess.Popen[bytes]") -> None:
    """Ends a server and the processes that it started."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, 15)
    try:
        server.wait(60)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, 9)
        server.wait()


def calm() -> dict[str, str]:
    """The environment in which vLLM neither compiles nor telephones.

    Nor has it a worker beside its engine, which would wait for each step of it on a second core.
    """
    return os.environ | {
        "TORCHDYNAMO_DISABLE": "1", "OMP_NUM_THREADS": "1", "VLLM_CPU_KVCACHE_SPACE": "1",
        "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind", "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    }  # fmt: skip


def await_health(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Wait until a server answers that it is ready.

    Raises:
        AssertionError: if it ends before.
        TimeoutError: if it does not answer in `PATIENCE` seconds.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()[-3000:]
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
            return
        time.sleep(0.5)
    raise TimeoutError(log.read_text()[-3000:])

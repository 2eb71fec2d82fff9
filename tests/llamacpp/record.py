"""Record the exchanges that the ordinary tests replay, with a real server: run from the top.

    .venv/bin/python -m tests.llamacpp.record

`make test-llamacpp` builds the server.
"""

import asyncio
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.llamacpp.serving import serving, write_model
from tests.store.serving.llama_cpp.exchanges import Exchange, recording, write_exchanges
from tests.store.serving.llama_cpp.recorded import (
    COMMANDS,
    FILE,
    MODEL,
    ask_everything,
    write_questions,
)

REASONER = Path(__file__).parents[1] / "vllm" / "reasoners" / MODEL


def main() -> None:
    """Ask a real server for everything, and write what it answered."""
    exchanges: list[Exchange] = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_model(REASONER, folder / "model.gguf")
        write_questions(folder)
        with (
            serving(folder / "model.gguf", MODEL, folder / "log") as url,
            recording(url, exchanges) as address,
        ):
            asyncio.run(ask_everything(address))
            for words in COMMANDS:
                command = [str(Path(sys.executable).with_name("rheostat")), *words]
                subprocess.run([*command, "--base-url", address], check=True, cwd=folder)
    write_exchanges(FILE, exchanges)


if __name__ == "__main__":
    main()

"""A client of the language server that writes and reads the wire itself."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]

START = "import sys; from harness.cli.main import main; sys.exit(main(['lsp']))"


class Client:
    """One running server, and what it told without being asked."""

    def __init__(self, to: IO[bytes], answers: IO[bytes]):
        self._to = to
        self._answers = answers
        self._number = 0
        self.told: list[dict[str, Any]] = []

    def tell(self, method: str, params: object = None) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: object = None) -> Any:  # noqa: ANN401 - any JSON
        """Send a request and give its result."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._number:
                assert "error" not in message, message["error"]
                return message["result"]
            self.told.append(message)

    def diagnostics(self) -> dict[str, Any]:
        """The next diagnostics that the server publishes."""
        while True:
            message = self.told.pop(0) if self.told else self._receive()
            if message.get("method") == "textDocument/publishDiagnostics":
                return dict(message["params"])

    def _send(self, message: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._to.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        while line := self._answers.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the server left"
        result = json.loads(self._answers.read(length))
        assert isinstance(result, dict)
        return result


@contextmanager
def connected(**capabilities: object) -> Iterator[Client]:
    """A client of a server of its own, greeted; the server ends in order."""
    with subprocess.Popen(
        [sys.executable, "-c", START],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stderr is not None
        client = Client(server.stdin, server.stdout)
        try:
            client.ask(
                "initialize", {"processId": None, "rootUri": None, "capabilities": capabilities}
            )
            client.tell("initialized", {})
            yield client
            client.ask("shutdown")
            client.tell("exit")
            assert server.wait(timeout=60) == 0
            assert server.stderr.read() == b""
        finally:
            server.kill()

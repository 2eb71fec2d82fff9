"""An OpenAI-compatible server that doubles numbers and records its requests."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

SKILLS = {"small": 0.5, "large": 0.9}
"""How often a model is right."""


class DoublingServer:
    """Requests to the server, in order."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.url = ""


@contextmanager
def serve_doubling() -> Iterator[DoublingServer]:
    """Serves ``small`` and ``large``, which double a number, at times wrongly."""
    doubling_server = DoublingServer()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            request = json.loads(self.rfile.read(size))
            doubling_server.requests.append(request)
            number = int(request["messages"][0]["content"].split()[-1])
            right = Random(request["seed"]).random() < SKILLS[request["model"]]
            text = str(2 * number if right else 2 * number + 1)
            reply = {"choices": [{"message": {"content": text}}],
                     "usage": {"prompt_tokens": 9, "completion_tokens": 2}}  # fmt: skip
            body = json.dumps(reply).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    doubling_server.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield doubling_server
    finally:
        server.shutdown()
        server.server_close()

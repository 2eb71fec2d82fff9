"""A server that speaks OpenAI's protocol and answers by rule, so that what it is asked is seen."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

SKILLS = {"small": 0.5, "large": 0.9}
"""How often a model is right."""


class Teller:
    """What was asked of the server, in order."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.url = ""


@contextmanager
def telling() -> Iterator[Teller]:
    """Serves ``small`` and ``large``, which double a number, at times wrongly."""
    teller = Teller()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            asked = json.loads(self.rfile.read(size))
            teller.asked.append(asked)
            number = int(asked["messages"][0]["content"].split()[-1])
            right = Random(asked["seed"]).random() < SKILLS[asked["model"]]
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
    teller.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield teller
    finally:
        server.shutdown()
        server.server_close()

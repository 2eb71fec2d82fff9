"""An OpenAI-compatible server with scripted answers and failures."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

Headers = Sequence[tuple[str, str]]


class Answer(NamedTuple):
    """One answer to a call."""

    text: str = ""
    finish: str | None = "stop"
    """``None`` ends the stream without a finish reason."""
    usage: Any = "right"
    """Reported token usage; ``right`` for the actual one."""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    """Body to send instead of a stream."""
    cut: bool = False
    """Hangs up in the middle of the stream."""
    wait: float = 0.0
    """Seconds before the answer."""
    refusal: str = ""


class Server:
    """Scripted server: sends its answers in order and repeats the last one."""

    def __init__(self, answers: Sequence[Answer] | Callable[[dict[str, Any]], Answer]):
        self._answers = answers
        self._lock = threading.Lock()
        self.requests: list[dict[str, Any]] = []
        self.url = ""

    def answer(self, request: dict[str, Any]) -> Answer:
        with self._lock:
            self.requests.append(request)
            if callable(self._answers):
                return self._answers(request)
            return self._answers[min(len(self.requests), len(self._answers)) - 1]


class _Http(ThreadingHTTPServer):
    """What handlers find of the server that they belong to."""

    daemon_threads = True

    def __init__(self, scripted: Server, models: Sequence[dict[str, Any]]):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scripted, self.models = scripted, list(models)
        self.gone = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def do_GET(self) -> None:
        self._json(200, {"data": self.server.models})

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        answer = self.server.scripted.answer(json.loads(self.rfile.read(size)))
        if answer.wait:
            self.server.gone.wait(answer.wait)
        if answer.status != 200:
            self._json(answer.status, {"error": {"message": answer.text}}, answer.headers)
        elif answer.body is not None:
            self._send(200, answer.body.encode(), "text/event-stream", ())
        else:
            self._stream(answer)

    def log_message(self, *args: object) -> None:
        pass

    def _json(self, status: int, body: object, headers: Headers = ()) -> None:
        self._send(status, json.dumps(body).encode(), "application/json", headers)

    def _send(self, status: int, body: bytes, kind: str, headers: Headers) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, answer: Answer) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        half = len(answer.text) // 2
        self._event(_delta({"role": "assistant", "content": answer.text[:half]}))
        if answer.cut:
            self.wfile.flush()
            self.close_connection = True
            return
        delta: dict[str, Any] = {"content": answer.text[half:]}
        if answer.refusal:
            delta["refusal"] = answer.refusal
        self._event(_delta(delta))
        if answer.finish is not None:
            self._event(_delta({}, answer.finish))
        usage = answer.usage
        if usage == "right":
            usage = {"prompt_tokens": 4000, "completion_tokens": 500, "total_tokens": 4500}
        if usage is not None:
            self._event(_delta(None) | {"usage": usage})
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _event(self, body: object) -> None:
        self._chunk(b"data: " + json.dumps(body).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


@contextmanager
def server(
    answers: Sequence[Answer] | Callable[[dict[str, Any]], Answer],
    *,
    models: Sequence[dict[str, Any]] = ({"id": "scripted", "owned_by": "test"},),
) -> Iterator[Server]:
    """Serves for the length of a block."""
    scripted = Server(answers)
    http = _Http(scripted, models)
    thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    scripted.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    try:
        yield scripted
    finally:
        http.gone.set()
        http.shutdown()
        http.server_close()
        thread.join()


def _delta(delta: dict[str, Any] | None, finish: str | None = None) -> dict[str, Any]:
    """A chunk of a stream; without a choice for ``None``."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {
        "id": "x", "object": "chat.completion.chunk", "created": 0, "model": "scripted",
        "choices": choices,
    }  # fmt: skip

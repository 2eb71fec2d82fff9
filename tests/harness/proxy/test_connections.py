"""Connections whose client stops in the middle of a request, and faults of the proxy's own."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any, NoReturn
from urllib.parse import urlsplit

import httpx
import pytest

from harness.proxy.app import Proxy
from harness.proxy.chat_request import ChatRequest
from harness.proxy.responder import ProxyAnswer, Responder
from tests.harness.proxy.proxies import proxy
from tests.store.serving.scripted import MODEL, ScriptedServer, serving

BODY: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "how many?"}]}
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
TYPE = b"Content-Type: application/json\r\n"


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    limit = ["--request-timeout", "0.4"]
    with serving(ScriptedServer()) as server, proxy(server.url, *limit) as result:
        parts = urlsplit(result.url)
        yield parts.hostname or "", parts.port or 0


def sent(address: tuple[str, int], *pieces: bytes, pause: float = 0.0) -> bytes:
    """What the proxy answers until it ends the connection, which it has to do by itself."""
    with socket.create_connection(address, timeout=20) as client:
        answer = b""
        try:
            for piece in pieces:
                client.sendall(piece)
                time.sleep(pause)
            while chunk := client.recv(65536):
                answer += chunk
        except (BrokenPipeError, ConnectionResetError):
            pass
        return answer


def test_a_connection_that_sends_nothing_is_ended(address: tuple[str, int]) -> None:
    assert sent(address) == b""


def test_a_head_that_does_not_arrive_is_answered_408(address: tuple[str, int]) -> None:
    answer = sent(address, HEAD)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "request_timeout"


def test_a_slowly_sent_head_times_out_too(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=20) as client:
        client.sendall(HEAD)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            drip(client)


def drip(client: socket.socket) -> None:
    """Send a header now and then, for longer than the proxy waits."""
    for number in range(100):
        client.sendall(f"X-{number}: a\r\n".encode())
        time.sleep(0.05)


def test_a_body_that_does_not_arrive_is_answered_408(address: tuple[str, int]) -> None:
    answer = sent(address, HEAD + TYPE + b"Content-Length: 100\r\n\r\n{")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"the body did not arrive" in answer


def test_the_second_request_of_a_connection_has_its_own_timeout(address: tuple[str, int]) -> None:
    listed = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = sent(address, listed, HEAD, pause=0.2)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in answer


def test_a_slow_answer_does_not_time_out(
    address: tuple[str, int],
) -> None:
    body = json.dumps(BODY).encode()
    whole = HEAD + TYPE + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert sent(address, whole, body[:9], body[9:], pause=0.05).startswith(b"HTTP/1.1 200 ")


class Faulty(Responder):
    """Fails in a way that nobody thought of, as when what a model wrote breaks its reading."""

    def __init__(self) -> None:
        pass

    async def answer(self, chat: ChatRequest, name: str) -> NoReturn:
        """Raise."""
        raise ValueError("Exceeds the limit (4300 digits) for integer string conversion")


@pytest.mark.parametrize("stream", [False, True])
async def test_an_internal_fault_is_reported_as_json_and_counted(
    stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[ProxyAnswer] = []
    faulty = Proxy(Faulty(), MODEL, on_finished=lambda name, answer: answers.append(answer))
    transport = httpx.ASGITransport(faulty.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        reply = await client.post("/v1/chat/completions", json=BODY | {"stream": stream})
        page = (await client.get("/metrics")).text
    assert "internal_error" in reply.text
    assert "4300" not in reply.text
    if not stream:
        assert (reply.status_code, reply.json()["error"]["type"]) == (500, "api_error")
    assert 'rheostat_requests_total{status="500"} 1.0' in page
    assert "4300 digits" in caplog.text
    assert answers == []

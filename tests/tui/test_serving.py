"""The app in a browser: who may open it, and that its page needs no other host."""

import http.client
import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.tui.app_server import COMMAND, Served, served_app
from tests.tui.browser import chromium, page


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A directory without runs, served."""
    with served_app(tmp_path_factory.mktemp("runs")) as served:
        yield served


def status(app: Served, path: str, **headers: str) -> int:
    """The status of a plain request."""
    with closing(http.client.HTTPConnection("localhost", app.port, timeout=30)) as connection:
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as answer:
            return answer.status


def socket_url(app: Served) -> str:
    return f"{app.url.replace('http:', 'ws:')}ws?width=80&height=24"


def test_the_printed_address_opens_the_page(app: Served) -> None:
    assert status(app, urlsplit(app.url).path) == 200


@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/textual.js", "/x/", "/x/ws", "/%ff/ws"])
def test_nothing_is_served_without_the_token(app: Served, path: str) -> None:
    assert status(app, path) == 403


def test_the_token_is_another_at_every_start(app: Served, tmp_path: Path) -> None:
    with served_app(tmp_path) as other:
        assert urlsplit(other.url).path != urlsplit(app.url).path
        assert len(urlsplit(other.url).path) > 20


def test_the_name_of_another_site_does_not_lead_here(app: Served) -> None:
    path = urlsplit(app.url).path
    assert status(app, path, Host=f"other.example:{app.port}") == 403
    assert status(app, path, Host=f"127.0.0.1:{app.port}") == 200


@pytest.mark.parametrize(
    "origin",
    ["http://other.example", "https://localhost:{port}", "http://localhost:1", "null"],
)
def test_a_page_of_another_origin_gets_no_socket(app: Served, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(socket_url(app), origin=Origin(origin.format(port=app.port)))
    assert refused.value.response.status_code == 403


def test_the_page_itself_gets_a_socket_and_the_app_draws(app: Served) -> None:
    origin = Origin(f"http://localhost:{app.port}")
    with connect(socket_url(app), origin=origin) as own:
        own.send(json.dumps(["resize", {"width": 80, "height": 24}]))
        seen = b""
        deadline = time.monotonic() + 60
        while b"No runs" not in seen:
            assert time.monotonic() < deadline, seen
            reply = own.recv(timeout=60)
            seen += reply if isinstance(reply, bytes) else reply.encode()


def test_the_page_names_no_other_host(app: Served) -> None:
    with urlopen(app.url, timeout=30) as answer:
        text = answer.read().decode()
        policy = answer.headers["Content-Security-Policy"]
    hosts = re.findall(r"(?:https?|wss?):/?/?([^/\s\"';]*)|[\"'(]//", text)
    assert set(hosts) == {f"localhost:{app.port}"}
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*COMMAND, "tui", str(tmp_path), "--serve", "--port", port],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 3
    assert f"error: port {port} of localhost cannot be used" in done.stderr
    assert "--port" in done.stderr


@pytest.mark.skipif(chromium() is None, reason="there is no Chromium to be a browser")
def test_a_real_page_asks_this_machine_alone_and_another_site_gets_no_socket(
    app: Served, tmp_path: Path
) -> None:
    with page("about:blank", tmp_path / "browser") as opened:
        opened.call("Page.navigate", url=app.url)
        opened.begun()
        script = "JSON.stringify(performance.getEntriesByType('resource').map(e => e.name))"
        loaded = json.loads(opened.evaluate(script))
        assert any("textual.js" in url for url in loaded)
        assert any("RobotoMono" in url for url in loaded)
        remaining = [url for url in loaded if not url.startswith(("data:", "blob:"))]
        assert [url for url in remaining if not url.startswith(app.url)] == []
        # A page without an origin of this server, as any other site's is.
        opened.call("Page.navigate", url="data:text/html,<p>another site</p>")
        script = (
            "new Promise(done => { const s = new WebSocket("
            f"{json.dumps(socket_url(app))}"
            "); s.onopen = () => done('open'); s.onerror = () => done('refused'); })"
        )
        assert opened.evaluate(script) == "refused"

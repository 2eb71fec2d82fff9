"""Pages that ask from a browser: foreign ones are refused, allowed ones are answered."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from harness.proxy.origins import normal_origin
from tests.command_lines import CommandLine
from tests.harness.proxy.proxies import proxy
from tests.store.serving.scripted import MODEL, ScriptedServer, serving

HOME, FOREIGN = "https://chat.example.org", "https://evil.example"
BODY: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "how many?"}]}


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedServer]:
    with serving(ScriptedServer()) as server:
        yield server


@pytest.fixture(scope="module")
def url(upstream: ScriptedServer) -> Iterator[str]:
    allowed = ["--allow-origin", "HTTPS://Chat.Example.org:443/", "--allow-host", "gateway"]
    with proxy(upstream.url, *allowed) as result:
        yield result.url


def post(url: str, **headers: str) -> httpx.Response:
    sent = {"Content-Type": "application/json", **headers}
    return httpx.post(f"{url}/chat/completions", content=json.dumps(BODY), headers=sent, timeout=20)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_that_browsers_send_to_any_site_is_refused(
    url: str, upstream: ScriptedServer, kind: str
) -> None:
    before = len(upstream.seen)
    reply = post(url, **{"Content-Type": kind})
    assert reply.status_code == 415
    assert reply.json()["error"]["code"] == "unsupported_media_type"
    assert len(upstream.seen) == before


def test_json_with_a_charset_is_json(url: str) -> None:
    assert post(url, **{"Content-Type": "application/json; charset=utf-8"}).status_code == 200


@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://chat.example.org", "http://localhost"])
def test_a_page_of_another_origin_is_refused_for_any_request(
    url: str, upstream: ScriptedServer, origin: str
) -> None:
    before = len(upstream.seen)
    assert post(url, Origin=origin).status_code == 403
    reply = httpx.get(f"{url}/models", headers={"Origin": origin})
    assert reply.json()["error"]["code"] == "origin_not_allowed"
    assert "access-control-allow-origin" not in reply.headers
    assert len(upstream.seen) == before


def test_a_page_of_an_allowed_origin_is_answered_and_may_read_the_trace(url: str) -> None:
    reply = post(url, Origin=HOME)
    assert reply.status_code == 200
    assert reply.headers["access-control-allow-origin"] == HOME
    assert "X-Rheostat-Trace" in reply.headers["access-control-expose-headers"]
    refused = post(url, Origin=HOME, **{"Content-Type": "text/plain"})
    assert refused.status_code == 415
    assert refused.headers["access-control-allow-origin"] == HOME


def test_a_preflight_is_answered_as_a_browser_expects(url: str) -> None:
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, x-stainless-lang",
        "Access-Control-Request-Private-Network": "true",
    }
    reply = httpx.options(f"{url}/chat/completions", headers={"Origin": HOME, **asked})
    assert reply.is_success
    assert reply.headers["access-control-allow-origin"] == HOME
    assert "POST" in reply.headers["access-control-allow-methods"]
    assert "authorization" in reply.headers["access-control-allow-headers"]
    assert reply.headers["access-control-allow-private-network"] == "true"
    refused = httpx.options(f"{url}/chat/completions", headers={"Origin": FOREIGN, **asked})
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers


def test_an_options_request_without_an_origin_lists_the_methods(url: str) -> None:
    reply = httpx.options(f"{url}/chat/completions")
    assert (reply.status_code, reply.headers["allow"]) == (204, "GET, POST, OPTIONS")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8008", "127.0.0.1.evil.example"])
def test_a_rebound_host_name_is_refused(url: str, host: str) -> None:
    reply = post(url, Host=host)
    assert reply.status_code == 403
    assert reply.json()["error"]["code"] == "host_not_allowed"


@pytest.mark.parametrize(
    "host", ["localhost:1", "127.0.0.1", "[::1]:8008", "192.168.1.5:8008", "gateway", "GATEWAY:1"]
)
def test_addresses_and_own_host_names_are_accepted(url: str, host: str) -> None:
    assert httpx.get(f"{url}/models", headers={"Host": host}).status_code == 200


def test_with_a_key_the_origin_is_checked_and_the_host_is_not(upstream: ScriptedServer) -> None:
    with proxy(upstream.url, "--allow-origin", "*", key="secret") as result:
        shown = {"Authorization": "Bearer secret"}
        assert post(result.url, Host="any.example", Origin=FOREIGN, **shown).status_code == 200
        assert post(result.url, Origin=FOREIGN).status_code == 401


def test_an_invalid_origin_is_refused_before_the_server_starts(cli: CommandLine) -> None:
    words = ["--base-url", "http://127.0.0.1:9", "--model", "m", "--family", "think"]
    result = cli("serve", "cmc", *words, "--allow-origin", "chat.example.org")
    assert result.status == 2
    assert "--allow-origin chat.example.org: not an origin; write https://HOST or *" in result.err


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://A.example", "https://a.example"),
        ("http://a.example:80", "http://a.example"),
        ("http://[::1]:8008/", "http://[::1]:8008"),
        ("moz-extension://abc", "moz-extension://abc"),
        ("https://a.example/page", None),
        ("https://a.example:port", None),
        ("null", None),
        ("", None),
    ],
)
def test_origins_are_compared_as_browsers_write_them(typed: str, origin: str | None) -> None:
    assert normal_origin(typed) == origin

"""A proxy over a scripted server, for the tests of a module, and a client of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI

from tests.harness.proxy.proxies import KEY, Proxy, proxy
from tests.store.serving.scripted import ScriptedServer, serving


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedServer]:
    with serving(ScriptedServer()) as server:
        yield server


@pytest.fixture(scope="module")
def running(
    upstream: ScriptedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Proxy, Path]]:
    traces = tmp_path_factory.mktemp("proxy") / "traces.jsonl"
    limits = ["--at-once", "2", "--max-body", "5000", "--keep-alive", "0.05", "--patience", "0.3"]
    with proxy(upstream.url, *limits, "--traces", str(traces), key=KEY) as result:
        yield result, traces


@pytest.fixture
def client(running: tuple[Proxy, Path], upstream: ScriptedServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=running[0].url, api_key=KEY, max_retries=0, timeout=20) as result:
        yield result
    upstream.fault = lambda number, body: None

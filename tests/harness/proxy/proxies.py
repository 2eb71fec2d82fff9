"""Proxies as processes of their own, over a scripted server."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import openai
from openai import OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.store.serving.scripted import MODEL

MESSAGES = [{"role": "user", "content": "how many?"}]
KEY = "a long secret"
START = "import sys; from harness.cli.main import main; sys.exit(main())"

HOW = ["--family", "think", "--interval", "40", "--max-tokens", "200", "--branches", "6",
       "--equivalence", "exact"]  # fmt: skip


class Proxy(NamedTuple):
    """A proxy that listens."""

    url: str
    """Ends in ``/v1``."""
    process: "subprocess.Popen[str]"

    def end(self) -> int:
        """Ask it to end, and give its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def proxy(
    upstream: str, *more: str, key: str = "", model: str = MODEL, controller: str = "cmc"
) -> Iterator[Proxy]:
    """Start ``rheostat serve`` on a free port; it is killed at the end if it still runs."""
    words = ["serve", controller, "--base-url", upstream, "--model", model, "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-c", START, *words, *HOW, *more],
        env=os.environ | {"RHEOSTAT_API_KEY": key},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        result = process.stderr.readline()
        found = re.search(r"on (http://127\.0\.0\.1:\d+/v1)$", result)
        assert found, result + process.stderr.read()
        yield Proxy(found[1], process)
    finally:
        process.kill()
        process.communicate()


def ask(client: OpenAI, **more: object) -> ChatCompletion:
    """Request a completion of `MESSAGES`."""
    create: Any = client.chat.completions.create
    result = create(**({"model": MODEL, "messages": MESSAGES} | more))
    assert isinstance(result, ChatCompletion)
    return result


def stream(client: OpenAI, **more: object) -> "openai.Stream[ChatCompletionChunk]":
    """Request a streamed completion of `MESSAGES`."""
    create: Any = client.chat.completions.create
    result: openai.Stream[ChatCompletionChunk] = create(
        model=MODEL, messages=MESSAGES, stream=True, **more
    )
    return result

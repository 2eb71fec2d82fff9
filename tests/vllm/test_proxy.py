"""The examples of docs/proxy.md and docs/langchain.md, against a proxy over a real vLLM server."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.python_pages import execute_page
from tests.harness.proxy.proxies import Proxy, proxy

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "proxy.md").read_text()
EXAMPLES = re.findall(r"```(python|sh)\n(.*?)```", PAGE, re.DOTALL)

ANSWER = re.compile(r"The final answer is \\boxed\{\d\}")


@pytest.fixture(scope="module")
def running(medium_url: str) -> Iterator[Proxy]:
    more = ["--force-end", "</think>\\n\\n", "--instruction", "", "--temperature", "1"]
    more += ["--interval", "50", "--max-tokens", "600", "--probe-stop", "}"]
    with proxy(medium_url, *more, model="medium") as found:
        yield found


def here(example: str, running: Proxy) -> str:
    """An example for the proxy and the model that are there."""
    found = example.replace("http://127.0.0.1:8008/v1", running.url)
    return found.replace("Qwen3-8B", "medium")


@pytest.mark.parametrize("client", ["openai", "langchain_openai"])
def test_an_example_in_python_prints_an_answer(client: str, running: Proxy) -> None:
    (example,) = [code for kind, code in EXAMPLES if kind == "python" and f"from {client} " in code]
    code = [sys.executable, "-c", here(example, running)]
    result = subprocess.run(code, check=True, capture_output=True, text=True, timeout=300).stdout
    assert len(ANSWER.findall(result)) == (2 if client == "openai" else 1), result


def test_the_example_with_curl_prints_an_answer_and_the_name_of_its_trace(running: Proxy) -> None:
    (example,) = [code for kind, code in EXAMPLES if kind == "sh" and code.startswith("curl")]
    code = ["bash", "-c", here(example, running)]
    result = subprocess.run(code, check=True, capture_output=True, text=True, timeout=300).stdout
    assert "HTTP/1.1 200" in result
    assert "x-rheostat-trace: chatcmpl-" in result.lower()
    assert re.search(r"The final answer is \\\\boxed\{\d\}", result), result


def test_the_page_about_langchain_prints_answers_and_names_of_traces(running: Proxy) -> None:
    replacements = {"http://127.0.0.1:8008/v1": running.url, "Qwen3-8B": "medium"}
    page = execute_page(DOCS / "langchain.md", replacements)
    assert len(ANSWER.findall(page["printed"])) == 5, page["printed"]
    assert len(page["traces"].names) == 2

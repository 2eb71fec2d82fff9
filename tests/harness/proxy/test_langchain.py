"""The page about LangChain, executed against a proxy over a scripted server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tests.command_lines import CommandLine
from tests.docs.python_pages import execute_page
from tests.harness.proxy.proxies import Proxy, proxy
from tests.store.serving.scripted import MODEL, ScriptedServer, serving

PAGE = Path(__file__).parents[3] / "docs" / "langchain.md"
BETAS = (0.1, 0.2, 0.9)
"""The values of β in calls of the page."""


class RunningProxy:
    """A proxy that writes traces, and what the page's code defined when it ran against it."""

    def __init__(self, found: Proxy, traces: Path):
        self.traces = traces
        self.url = found.url
        # Without a seed, branches differ in every run: some are cut off, or cost more.
        seeded = {f'{{"beta": {beta}}}': f'{{"beta": {beta}, "seed": 1}}' for beta in BETAS}
        address = {"http://127.0.0.1:8008/v1": found.url, "Qwen3-8B": MODEL}
        self.page = execute_page(PAGE, address | seeded)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    traces = tmp_path_factory.mktemp("langchain") / "traces.jsonl"
    with serving(ScriptedServer()) as upstream, proxy(upstream.url, "--traces", str(traces)) as one:
        yield RunningProxy(one, traces)


def usage(message: AIMessage) -> dict[str, Any]:
    assert message.usage_metadata is not None
    return dict(message.usage_metadata)


def test_the_code_of_the_page_prints_answers(running: RunningProxy) -> None:
    # The first call of the page has no seed.
    assert running.page["printed"].count("The final answer is \\boxed{") >= 4
    assert running.page["streamed"].startswith("The final answer is")


def test_a_call_with_a_higher_beta_costs_more(running: RunningProxy) -> None:
    quick, thorough = running.page["quick"], running.page["thorough"]
    assert usage(quick)["output_tokens"] < usage(thorough)["output_tokens"]
    hidden = usage(thorough)["output_token_details"]["reasoning"]
    assert 0 < hidden < usage(thorough)["output_tokens"]
    counted = thorough.response_metadata["token_usage"]["completion_tokens"]
    assert counted == usage(thorough)["output_tokens"]


def test_the_body_of_a_call_replaces_that_of_the_model(running: RunningProxy) -> None:
    refused = ChatOpenAI(
        base_url=running.url,
        api_key=SecretStr("any"),
        model=MODEL,
        extra_body={"beta": 2},
        max_retries=0,
    )
    with pytest.raises(openai.BadRequestError, match="beta"):
        refused.invoke("how many?")
    assert refused.invoke("how many?", extra_body={"seed": 1}).content


def test_the_configuration_of_a_chain_sets_beta(running: RunningProxy) -> None:
    chain = running.page["chain"]
    with pytest.raises(openai.BadRequestError, match="it must be from 0 to 1"):
        chain.invoke({"question": "?"}, config={"configurable": {"extra_body": {"beta": 3}}})


def test_a_callback_receives_names_that_trace_finds(
    running: RunningProxy, cli: CommandLine
) -> None:
    names = list(running.page["traces"].names.values())
    assert len(set(names)) == 2
    for name in names:
        result = cli("trace", "--from", str(running.traces), "--question", name)
        assert result.status == 0, result.err
        assert "controller cmc" in result.out


def test_a_whole_reply_has_the_name_of_its_trace_as_its_id(running: RunningProxy) -> None:
    metadata = running.page["quick"].response_metadata
    assert metadata["id"] == metadata["headers"]["x-rheostat-trace"]
    assert (metadata["finish_reason"], metadata["model_name"]) == ("stop", MODEL)


def test_usage_of_batches_and_streams_is_added_up(running: RunningProxy) -> None:
    [counts] = running.page["usage"].usage_metadata.values()
    assert counts["total_tokens"] == counts["input_tokens"] + counts["output_tokens"]
    assert counts["input_tokens"] == 3 * usage(running.page["quick"])["input_tokens"]


def test_tools_are_refused_with_the_reason(running: RunningProxy) -> None:
    def count(text: str) -> int:
        """Count the letters of a text."""
        return len(text)

    with pytest.raises(openai.BadRequestError, match="`tools` is not supported"):
        running.page["model"].bind_tools([count]).invoke("how many?")

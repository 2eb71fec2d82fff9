"""Queries of a server's capabilities before its model is called."""

from collections.abc import Iterator

import pytest

from agents.chat.server_info import ServedModel, query_server
from harness.errors import InputError
from tests.store.serving.scripted import CARD, CONTEXT, ScriptedServer, serving


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with serving(ScriptedServer()) as server:
        yield server


def test_adapter_has_the_context_length_of_its_base_model(scripted: ScriptedServer) -> None:
    adapter = {"id": "tuned", "root": "/adapters/tuned", "parent": CARD["id"], "owned_by": "vllm"}
    scripted.cards = [CARD, adapter]
    assert query_server(f"{scripted.url}/v1", "tuned") == ServedModel(decodes=True, context=CONTEXT)


def test_model_list_without_vllm_fields_has_no_context_length(
    scripted: ScriptedServer,
) -> None:
    scripted.cards = [{"id": "m", "max_model_len": "long", "root": 3, "parent": []}]
    assert query_server(f"{scripted.url}/v1", "m") == ServedModel(decodes=False, context=None)


def test_missing_key_is_reported_by_its_variable(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    scripted.key = "right"
    with pytest.raises(InputError, match="401 Unauthorized") as refused:
        query_server(f"{scripted.url}/v1", "m")
    assert refused.value.hint == "set OPENAI_API_KEY to the key of the server"

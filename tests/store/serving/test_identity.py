"""Names at a server: several for one model, and adapters over it."""

from collections.abc import Iterator
from typing import Any

import pytest

from store.collection.draw_requests import DrawSettings, request_branches
from store.serving.errors import InconsistentResponse, Refused
from store.serving.identity import ModelCard, identify
from store.serving.streams import StreamChunk
from store.serving.vllm_server import VllmServer
from tests.store.serving.scripted import CARD, CONTEXT, MODEL, ScriptedServer, serving
from tests.store.serving.scripted_model import encode

ASKED = request_branches(
    encode("how many?<reply>"), "q", 0, 2, DrawSettings(interval=40, max_tokens=40)
)

ALIAS: dict[str, Any] = CARD | {"id": "short"}
ADAPTER: dict[str, Any] = {"id": "tuned", "root": "/adapters/tuned", "parent": MODEL}
OTHER: dict[str, Any] = {"id": "other", "root": "/models/other", "max_model_len": 512}


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with serving(ScriptedServer()) as server:
        server.cards = [CARD, ALIAS, ADAPTER, OTHER]
        yield server


async def stream(server: ScriptedServer, name: str) -> list[StreamChunk]:
    async with VllmServer(server.url, name) as client:
        return [piece async for piece in client.stream(ASKED)]


async def test_model_alias_is_accepted(scripted: ScriptedServer) -> None:
    async with VllmServer(scripted.url, "short") as client:
        served = await client.served()
        given = await client.complete(ASKED)
    assert (served.model, served.context, served.aliases) == ("short", CONTEXT, (MODEL,))
    assert len(given) == 2
    assert [piece for piece in await stream(scripted, "short") if piece.finished]


async def test_adapter_has_its_own_name_and_the_context_of_its_base(
    scripted: ScriptedServer,
) -> None:
    async with VllmServer(scripted.url, "tuned") as client:
        served = await client.served()
        assert len(await client.complete(ASKED)) == 2
    assert (served.model, served.context, served.aliases) == ("tuned", CONTEXT, ())


async def test_reply_from_the_base_instead_of_the_adapter_is_rejected(
    scripted: ScriptedServer,
) -> None:
    async with VllmServer(scripted.url, "tuned") as client:
        await client.served()
        scripted.cards = [CARD]
        with pytest.raises(InconsistentResponse, match=f"from the model '{MODEL}'"):
            await client.complete(ASKED)


async def test_other_model_of_the_same_server_is_not_an_alias(scripted: ScriptedServer) -> None:
    async with VllmServer(scripted.url, "other") as client:
        assert (await client.served()).aliases == ()
        with pytest.raises(InconsistentResponse, match="which was not requested"):
            await client.complete(ASKED)


async def test_model_path_is_rejected_with_the_served_names(
    scripted: ScriptedServer,
) -> None:
    async with VllmServer(scripted.url, str(CARD["root"])) as client:
        with pytest.raises(Refused) as refused:
            await client.served()
    assert refused.value.hint == f"it serves {MODEL}, short"


async def test_model_name_is_resolved_without_a_prior_lookup(
    scripted: ScriptedServer,
) -> None:
    assert [piece for piece in await stream(scripted, "short") if piece.finished]


def test_the_parent_of_an_adapter_may_be_a_path_or_free_text() -> None:
    base = [ModelCard("a", 512, "/m/a"), ModelCard("b", 512, "/m/a")]
    for parent in ("a", "/m/a", "org/written-by-hand"):
        found = identify([*base, ModelCard("t", None, "/l/t", parent)], "t")
        assert found is not None
        assert found.context == 512
    mixed = [*base, ModelCard("c", 64, "/m/c"), ModelCard("t", None, "/l/t", "by hand")]
    assert identify(mixed, "t") == ("t", (), None)


def test_cards_without_a_root_are_separate_models() -> None:
    assert identify([ModelCard("a", 9), ModelCard("b", 9)], "a") == ("a", (), 9)

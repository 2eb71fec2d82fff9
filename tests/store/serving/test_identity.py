"""Names at a server: several for one model, and adapters over it."""

from collections.abc import Iterator
from typing import Any

import pytest

from store.collection.draw_requests import DrawSettings, request_branches
from store.serving.errors import InconsistentResponse, Refused
from store.serving.identity import ModelCard, identify
from store.serving.server import Server
from store.serving.streams import StreamChunk
from tests.store.serving.scripted import CARD, CONTEXT, MODEL, ScriptedServer, encode, serving

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
    async with Server(server.url, name) as client:
        return [piece async for piece in client.stream(ASKED)]


async def test_a_second_name_of_a_model_is_as_good_as_the_first(scripted: ScriptedServer) -> None:
    async with Server(scripted.url, "short") as client:
        served = await client.served()
        given = await client.complete(ASKED)
    assert (served.model, served.context, served.aliases) == ("short", CONTEXT, (MODEL,))
    assert len(given) == 2
    assert [piece for piece in await stream(scripted, "short") if piece.finished]


async def test_an_adapter_has_the_context_of_its_base_and_answers_by_its_own_name(
    scripted: ScriptedServer,
) -> None:
    async with Server(scripted.url, "tuned") as client:
        served = await client.served()
        assert len(await client.complete(ASKED)) == 2
    assert (served.model, served.context, served.aliases) == ("tuned", CONTEXT, ())


async def test_an_adapter_answered_by_its_base_is_refused(scripted: ScriptedServer) -> None:
    async with Server(scripted.url, "tuned") as client:
        await client.served()
        scripted.cards = [CARD]
        with pytest.raises(InconsistentResponse, match=f"from the model '{MODEL}'"):
            await client.complete(ASKED)


async def test_another_model_of_the_same_server_is_no_alias(scripted: ScriptedServer) -> None:
    async with Server(scripted.url, "other") as client:
        assert (await client.served()).aliases == ()
        with pytest.raises(InconsistentResponse, match="which was not asked"):
            await client.complete(ASKED)


async def test_a_model_named_by_its_path_is_refused_with_its_names(
    scripted: ScriptedServer,
) -> None:
    async with Server(scripted.url, str(CARD["root"])) as client:
        with pytest.raises(Refused) as refused:
            await client.served()
    assert refused.value.hint == f"it serves {MODEL}, short"


async def test_a_name_is_looked_up_even_where_nobody_asked_what_is_served(
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


def test_cards_without_a_root_are_models_of_their_own() -> None:
    assert identify([ModelCard("a", 9), ModelCard("b", 9)], "a") == ("a", (), 9)

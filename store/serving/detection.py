"""Which software serves a model at an address, and the client for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from store.serving.connection import ServerConnection
from store.serving.engine import LLAMA_CPP, VLLM, Engine
from store.serving.llama_cpp.client import LlamaServer
from store.serving.retries import Limits
from store.serving.vllm_server import VllmServer


class _OwnedCard(msgspec.Struct, frozen=True):
    owned_by: str = ""


class _OwnedModels(msgspec.Struct, frozen=True):
    data: list[_OwnedCard]


_MODELS = msgspec.json.Decoder(_OwnedModels)

OWNER = "llamacpp"
"""What llama.cpp's server gives as the owner of its models."""


class ServerDetector(ServerConnection):
    """Finds out which software answers. Use it as an asynchronous context manager."""

    async def engine(self) -> str:
        """Return `LLAMA_CPP` where the server says that it is one, and else `VLLM`.

        Raises:
            ServingError: it does not answer, or not with a list of models.
        """
        cards = (await self._get("/v1/models", _MODELS)).data
        return LLAMA_CPP if any(card.owned_by == OWNER for card in cards) else VLLM


@asynccontextmanager
async def open_server(
    base_url: str,
    model: str,
    *,
    engine: str | None = None,
    key: str | None = None,
    limits: Limits | None = None,
) -> AsyncIterator[Engine]:
    """Open the client of a server, and close it at the end.

    Args:
        base_url: ``http://HOST:PORT``, with or without ``/v1``.
        model: the model's name at the server.
        engine: `VLLM` or `LLAMA_CPP`; ``None`` to ask the server.
        key: the API key, if the server wants one.
        limits: deadlines and patience.

    Raises:
        ServingError: it is to be asked, and does not answer.
    """
    if engine is None:
        async with ServerDetector(base_url, model, key=key, limits=limits) as detector:
            engine = await detector.engine()
    client = LlamaServer if engine == LLAMA_CPP else VllmServer
    async with client(base_url, model, key=key, limits=limits) as opened:
        yield opened

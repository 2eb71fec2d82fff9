"""The servers of a command, and how answers are extracted and compared."""

import os
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from harness.errors import InputError

if TYPE_CHECKING:
    from store.collection.probing import AnswerRules
    from store.serving.endpoints import Endpoint
    from store.serving.engine import Served
    from store.serving.ray_engine import EngineFactory
    from store.serving.retries import Limits

T = TypeVar("T")


class ServerOptions(NamedTuple):
    """The options that name the model's servers."""

    base_urls: tuple[str, ...]
    model: str
    ranks: int
    concurrency: int
    patience: float
    python: Path | None = None
    """The Python with vLLM, to run vLLM without a server."""
    engine_args: tuple[str, ...] = ()
    """``KEY=VALUE`` arguments of vLLM, to run it without a server."""
    cluster: str | None = None
    """The address of a Ray cluster for the engines, instead of this process."""
    engines: int = 1
    """How many engines, if vLLM runs without a server."""
    gpus: float = 0.0
    """GPUs of each engine."""
    server: str | None = None
    """The software of the servers: ``vllm`` or ``llama.cpp``; ``None`` to ask them."""


@asynccontextmanager
async def connect_servers(serving: ServerOptions) -> "AsyncIterator[list[Endpoint]]":
    """Connect to servers, or to vLLM in a separate process.

    Raises:
        InputError: Neither is named, or both are; or options of vLLM are given for llama.cpp.
        ServingError: A server does not answer, or serves another model.
    """
    from store.serving.endpoints import list_endpoints, open_endpoints
    from store.serving.retries import Limits

    _refuse_contradictions(serving)
    limits = Limits(patience=serving.patience)
    async with AsyncExitStack() as stack:
        makers = _makers(serving, limits)
        if serving.cluster is None:
            engines = [await stack.enter_async_context(make()) for make in makers]
        else:
            from store.serving.ray_engine import RayEngine

            engines = [
                await stack.enter_async_context(
                    RayEngine(
                        make, serving.cluster, name=f"engine {number} of the cluster",
                        gpus=serving.gpus, limits=limits,
                    )
                )
                for number, make in enumerate(makers)
            ]  # fmt: skip
        if serving.python is not None:
            ranks = 1 if serving.cluster is None else serving.ranks
            yield list_endpoints(engines, ranks, serving.concurrency)
            return
        yield await open_endpoints(engines, serving.ranks, serving.concurrency)


def _refuse_contradictions(serving: ServerOptions) -> None:
    """Raise `InputError` unless servers are named, or vLLM without a server."""
    if bool(serving.base_urls) == (serving.python is not None):
        raise InputError(
            "give a server with --base-url, or a Python interpreter that has vLLM with --offline"
        )
    if serving.server == "llama.cpp" and serving.python is not None:
        raise InputError("--offline runs vLLM; start a llama.cpp server and give its --base-url")
    if serving.server == "llama.cpp" and serving.ranks > 1:
        raise InputError("--ranks: llama.cpp has no data-parallel engines; leave it out")


def _makers(serving: ServerOptions, limits: "Limits") -> "list[EngineFactory]":
    """Return functions that open each engine: here, or on its machine of a cluster."""
    from functools import partial

    if serving.python is not None:
        from store.serving.offline.client import OfflineEngine

        arguments = parse_engine_arguments(serving.engine_args)
        one = partial(OfflineEngine, serving.python, serving.model, arguments, limits=limits)
        return [one] * (serving.engines if serving.cluster is not None else 1)
    from store.serving.detection import open_server

    key = os.environ.get("OPENAI_API_KEY")
    return [
        partial(open_server, url, serving.model, engine=serving.server, key=key, limits=limits)
        for url in _addresses(serving.base_urls)
    ]


def describe_inexactness(served: "Served") -> str:
    """Describe why the tokens of a server are not expected again; see `Served.repeats`."""
    return (
        f"{served.engine} computes in another order beside other completions and behind a cached"
        " prompt, so equal tokens are not expected"
    )


@contextmanager
def open_reading(extraction: str, equivalence: str) -> "Iterator[AnswerRules]":
    """Open the answer extraction and equivalence; the latter may need a separate process.

    Args:
        extraction: ``boxed``, ``choice``, ``last-number`` or ``pattern:…``.
        equivalence: ``exact``, or ``math-verify`` with or without a version after it.

    Raises:
        StoreError: The name is unknown, or its library is not installed.
    """
    from harness.settings import GeneralSettings, load
    from store.answers.equivalence import open_equivalence
    from store.answers.extraction import extractor as named
    from store.collection.probing import AnswerRules

    read = named(extraction)
    cache = load(GeneralSettings).cache_dir / "answers"
    with open_equivalence(equivalence, cache=cache) as opened:
        yield AnswerRules(read, opened)


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's asynchronous part."""
    import asyncio

    return asyncio.run(work)


def parse_engine_arguments(pairs: Sequence[str]) -> dict[str, str | int | float | bool]:
    """Parse ``KEY=VALUE`` pairs; JSON numbers and booleans are converted.

    Raises:
        InputError: A pair has no ``=``.
    """
    import msgspec

    arguments: dict[str, str | int | float | bool] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key:
            raise InputError(f"{pair!r} is not KEY=VALUE")
        try:
            arguments[key] = msgspec.json.decode(value, type=bool | int | float)
        except msgspec.DecodeError:
            arguments[key] = value
    return arguments


def _addresses(base_urls: Sequence[str]) -> list[str]:
    """Return each address of ``--base-url URL[,URL…]``, given once or several times."""
    urls = [url.strip() for value in base_urls for url in value.split(",") if url.strip()]
    for url in urls:
        if not url.startswith(("http://", "https://")):
            raise InputError(f"--base-url {url}: not a URL; write http://HOST:PORT")
    if not urls:
        raise InputError("--base-url is empty")
    return list(dict.fromkeys(urls))

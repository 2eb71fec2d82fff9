"""Run ``rheostat serve``: the model, the proxy and its messages."""

import ipaddress
import os
import socket
from pathlib import Path
from typing import NamedTuple

import msgspec

from harness.cli import collect_options, console, model_servers
from harness.cli.live_run import required_signals
from harness.errors import InputError
from harness.live import trace_file
from harness.live.model import LiveModel, with_signals
from harness.live.runner import LivePlayer, refuse_unmet_needs
from harness.proxy.app import Proxy, ProxyLimits
from harness.proxy.listener import ListenOptions, serve
from harness.proxy.origins import ANY, normal_origin
from harness.proxy.responder import ProxyAnswer, Responder, ResponderConfig
from harness.request.plan import Plan
from store.collection.context import refuse_unsupported
from store.collection.preparation import check_same_model, tokenise_truth
from store.collection.questions import tokenise_forcing

API_KEY_VARIABLE = "RHEOSTAT_API_KEY"
"""The environment variable with the key; a flag would be visible to all users of the machine."""


class Browsers(NamedTuple):
    """Allowed origins and host names, as typed."""

    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


def read_limits(
    at_once: int, body: int, keep_alive: float, listening: ListenOptions, browsers: Browsers
) -> ProxyLimits:
    """Return the limits of the proxy, and its key.

    Args:
        at_once: The most concurrent episodes.
        body: The largest request, in bytes.
        keep_alive: Seconds between keep-alive comments of a stream.
        listening: The socket, whose address is an allowed host name.
        browsers: Allowed origins and further host names.

    Raises:
        InputError: An origin is invalid.
    """
    key = os.environ.get(API_KEY_VARIABLE) or None
    # With a key, DNS rebinding is harmless: the page does not know the key.
    own = (listening.host, socket.gethostname())
    return ProxyLimits(
        at_once,
        body,
        keep_alive,
        key,
        listening.arrival,
        tuple(_origin(origin) for origin in browsers.origins),
        (ANY,) if key else (*own, *browsers.hosts),
    )


def _origin(typed: str) -> str:
    """Return an allowed origin as browsers send it.

    Raises:
        InputError: It is invalid.
    """
    if typed == ANY:
        return typed
    origin = normal_origin(typed)
    if origin is None:
        raise InputError(f"--allow-origin {typed}: not an origin; write https://HOST or *")
    return origin


async def serve_proxy(
    plan: Plan,
    options: collect_options.CollectOptions,
    limits: ProxyLimits,
    listening: ListenOptions,
    traces: Path | None,
) -> None:
    """Serve until shutdown.

    Args:
        plan: The controller and its default setting.
        options: The options that name the model's servers.
        limits: The limits of the proxy.
        listening: The socket.
        traces: The file of traces; ``None`` to write none.

    Raises:
        ServingError: The model's server failed at startup.
        InputError: The options contradict each other.
        ExternalError: The address is not available.
    """
    if options.probe_choices:
        raise InputError("--probe-choices: a conversation has no choices; use --probe-regex")
    if plan.rules.budget == 0:
        raise InputError("--budget 0: allows no tokens, so no request could be answered")
    with (
        model_servers.open_reading(options.answers, options.equivalence_method) as reading,
        trace_file.open_trace_file(traces) as write,
        LivePlayer() as playing,
    ):
        settings = options.settings("proxy", reading.equivalence.name)
        settings = with_signals(settings, required_signals(plan))
        async with model_servers.connect_servers(options.serving) as endpoints:
            engine = endpoints[0].engine
            served = await check_same_model(endpoints)
            refuse_unsupported(settings, served, engine.address)
            family = await collect_options.family_served(options, settings, engine)
            settings = msgspec.structs.replace(settings, forcing=options.forcing(family))
            collect_options.warn_of_equal_branches(settings, options.branches)
            forced = await tokenise_forcing(engine, settings.forcing)
            truth = await tokenise_truth(engine, settings)
            model = LiveModel(endpoints, settings, forced, reading, truth)
            refuse_unmet_needs(plan, model)
            thinking = options.forcing(family._replace(closed=False))
            terms = ResponderConfig(served, options.branches, settings.instruction, thinking)

            def write_trace(name: str, answer: ProxyAnswer) -> None:
                live_result = msgspec.structs.replace(answer.live_result, question=name)
                write(trace_file.build_document(answer.plan, served, [], live_result))

            proxy = Proxy(Responder(plan, model, terms, playing), served.model, limits, write_trace)
            if limits.key is None:
                _warn_of_open_address(listening.host)
            await serve(
                proxy.app(),
                listening,
                lambda url: console.info(f"{plan.program.label} on {url}/v1"),
            )


def _warn_of_open_address(host: str) -> None:
    if not _is_loopback(host):
        console.warn(
            f"{host}: any client that can reach this address can use the proxy; set"
            f" {API_KEY_VARIABLE} to require a key"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""``rheostat serve``: a controller behind the interface of OpenAI's chat completions."""

from pathlib import Path

import click

from harness.cli.declarations import command
from harness.cli.options import beta_option, controller_argument, rules_options, set_option
from harness.cli.parameter_types import FilePath, FiniteNumber, WholeNumber
from harness.cli.serving_options import (
    drawing_options,
    patience_option,
    probing_options,
    serving_options,
    signal_options,
)


@command(
    "serve",
    plays=True,
    examples=[
        (
            "rheostat serve cmc --base-url http://gpu:8000 --model M --beta 0.5",
            "Serve chat completions on http://127.0.0.1:8008/v1.",
        ),
        (
            "RHEOSTAT_API_KEY=secret rheostat serve cmc --base-url ... --model M --host 0.0.0.0",
            "Serve other machines, whose clients need the key.",
        ),
    ],
)
@controller_argument
@beta_option
@set_option
@rules_options
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on.",
)
@click.option(
    "--port",
    metavar="PORT",
    type=WholeNumber(0, 65_535),
    default=8008,
    show_default=True,
    help="Port to listen on; 0 for a free one.",
)
@click.option(
    "--at-once",
    metavar="N",
    type=WholeNumber(1, 1 << 16),
    default=16,
    show_default=True,
    help="Maximum number of concurrent requests; more are rejected with status 429.",
)
@click.option(
    "--max-body",
    metavar="BYTES",
    type=WholeNumber(1, 1 << 30),
    default=1 << 20,
    show_default=True,
    help="Maximum size of a request.",
)
@click.option(
    "--keep-alive",
    metavar="SECONDS",
    type=FiniteNumber(0.01),
    default=10.0,
    show_default=True,
    help="Interval between keep-alive comments in a stream that waits for its answer.",
)
@click.option(
    "--request-timeout",
    "arrival",
    metavar="SECONDS",
    type=FiniteNumber(0.01),
    default=30.0,
    show_default=True,
    help="Close a connection if the head or the body of a request takes longer to arrive.",
)
@click.option(
    "--allow-origin",
    "origins",
    metavar="ORIGIN",
    multiple=True,
    help="Allow cross-origin requests from this origin, such as https://chat.example.org; * for"
    " all.",
)
@click.option(
    "--allow-host",
    "hosts",
    metavar="NAME",
    multiple=True,
    help="Accept this name in the Host header, besides IP addresses, localhost and the machine's"
    " own name.",
)
@click.option(
    "--grace",
    metavar="SECONDS",
    type=WholeNumber(0, 86_400),
    default=30,
    show_default=True,
    help="How long to wait for requests in progress at shutdown.",
)
@click.option(
    "--traces",
    metavar="FILE",
    type=FilePath(dir_okay=False),
    help="Write every episode to a new file, for `rheostat trace --from`.",
)
@serving_options
@patience_option(10.0)
@drawing_options
@probing_options
@signal_options
def serve(
    controller: str,
    beta: str,
    settings: tuple[str, ...],
    budget: int | None,
    kappa: int,
    host: str,
    port: int,
    at_once: int,
    max_body: int,
    keep_alive: float,
    arrival: float,
    origins: tuple[str, ...],
    hosts: tuple[str, ...],
    grace: int,
    traces: Path | None,
    **options: object,
) -> None:
    """Serve an OpenAI-compatible API, backed by a controller.

    The model is served by vLLM or llama.cpp. A client may add "beta", from 0 to 1, to its request.
    The reply contains the text of a branch with the winning answer, the tokens of all branches in
    `usage`, and the name of the trace in a header. If RHEOSTAT_API_KEY is set, clients must send it
    as their key. See `rheostat explain proxy` for details.

    Args:
        controller: A Rheo file, or the name of a library controller.
        beta: β of requests that do not set it, as typed.
        settings: Knobs to set, each as ``[CONTROLLER.]KNOB=VALUES``.
        budget: Most tokens of an episode; ``None`` for no limit.
        kappa: Cost of a probe in tokens.
        host: Address to listen on.
        port: Port to listen on; 0 for a free one.
        at_once: Most concurrent requests.
        max_body: Largest request body, in bytes.
        keep_alive: Seconds between keep-alive comments of a waiting stream.
        arrival: Seconds within which the head and the body of a request must arrive.
        origins: Origins from which web pages may send requests; ``*`` for any.
        hosts: Host names to accept, besides IP addresses and the machine's own names.
        grace: Seconds to wait for requests in progress at shutdown.
        traces: New file for the episodes; ``None`` to write none.
        **options: The other options, as fields of `harness.cli.collect_options.CollectOptions`.
    """
    _require_extra()
    from harness.cli import collect_options, live_run, model_servers, proxy_run
    from harness.engines import EpisodeRules
    from harness.proxy.listener import ListenOptions
    from harness.request.plan import parse_plan

    plan = parse_plan(controller, beta, settings, EpisodeRules(budget, kappa))
    sampling = collect_options.build_options(
        {**options, **live_run.UNUSED_OPTIONS, "questions": None}
    )
    listening = ListenOptions(host, port, grace, arrival)
    browsers = proxy_run.Browsers(origins, hosts)
    bounds = proxy_run.read_limits(at_once, max_body, keep_alive, listening, browsers)
    model_servers.run_async(proxy_run.serve_proxy(plan, sampling, bounds, listening, traces))


def _require_extra() -> None:
    """Raise `ExternalError` unless the packages of the extra ``proxy`` are installed."""
    try:
        import prometheus_client
        import starlette
        import uvicorn
    except ImportError:
        from harness.errors import ExternalError
        from store.extras import install_command

        raise ExternalError(
            "serve: starlette, uvicorn or prometheus-client is not installed",
            hint=f"install rheostat with its extra: {install_command('proxy')}",
        ) from None
    del prometheus_client, starlette, uvicorn

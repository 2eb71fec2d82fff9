"""The graph of the loop, and its checkpoints: SQLite in the run directory, or Postgres."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import RetryPolicy

from agents.loop import approval, round_nodes
from agents.loop.state import LoopContext, LoopState
from agents.run.databases import connect, database_errors
from agents.run.directory import RunDirectory
from harness.errors import ExternalError, InputError
from harness.request.option_names import name_option
from store.extras import install_command

LoopGraph = CompiledStateGraph[LoopState, LoopContext, LoopState, LoopState]

STEPS_PER_ROUND = 12
"""Maximum number of nodes in a round, without repairs."""

_RETRY_POLICY = RetryPolicy(
    max_attempts=4, retry_on=(sqlite3.OperationalError, ConnectionError, TimeoutError)
)
"""A busy database and a network failure are temporary; no other error is retried."""


def build_graph(checkpointer: BaseCheckpointSaver[str]) -> LoopGraph:
    """Build the graph of the loop, with its checkpoints in ``checkpointer``."""
    build = StateGraph(LoopState, context_schema=LoopContext)
    for name, node in (
        ("consider", approval.check_caps),
        ("brief", round_nodes.write_brief),
        ("propose", round_nodes.collect_proposals),
        ("check", round_nodes.check_proposals),
        ("replay", round_nodes.replay_candidates),
        ("tune", round_nodes.tune_best),
        ("review", round_nodes.review_candidates),
        ("offer", approval.offer_candidate),
        ("approve", approval.await_approval),
        ("heed", approval.apply_decision),
        ("archive", round_nodes.archive_round),
        ("select", approval.select_candidate),
        ("finish", approval.finish_run),
    ):
        build.add_node(name, node, retry_policy=_RETRY_POLICY)  # type: ignore[arg-type]
    build.add_edge(START, "consider")
    build.add_conditional_edges("consider", approval.route_after_caps, ["brief", "select"])
    build.add_conditional_edges("brief", round_nodes.route_to_proposers, ["propose"])
    build.add_edge("propose", "check")
    build.add_conditional_edges("check", round_nodes.route_to_repairs, ["propose", "replay"])
    build.add_edge("replay", "tune")
    build.add_edge("tune", "review")
    build.add_conditional_edges("review", approval.route_after_review, ["offer", "archive"])
    build.add_edge("offer", "approve")
    build.add_edge("approve", "heed")
    build.add_conditional_edges(
        "heed", approval.route_after_decision, ["archive", "offer", "finish", "select"]
    )
    build.add_edge("archive", "consider")
    build.add_conditional_edges("select", approval.route_after_selection, ["approve", "finish"])
    build.add_edge("finish", END)
    return build.compile(checkpointer=checkpointer)


@contextmanager
def open_checkpoints(
    run: RunDirectory, url: str | None = None
) -> Iterator[BaseCheckpointSaver[str]]:
    """Open the checkpoints of a run, as a context manager.

    Args:
        run: Run directory.
        url: URL of a shared database, ``postgresql://…``; by default, SQLite in the run directory.

    Raises:
        InputError: The URL is not a Postgres URL.
        ExternalError: The extra is not installed, or the database cannot be reached.
    """
    if url is not None:
        with _postgres(url) as saver:
            yield saver
        return
    with database_errors(run.checkpoints_path, _advise()):
        connection = connect(run.checkpoints_path)
        try:
            # The state is plain, so no other types are allowed when it is read.
            yield SqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        finally:
            connection.close()


def _advise() -> str:
    """Return advice for a file that is not the state of a loop."""
    return (
        f"restore the file that the run was started with, and use {name_option('resume')}; without"
        " it, start another run with `rheostat discover --replies` of this one"
    )


@contextmanager
def _postgres(url: str) -> Iterator[BaseCheckpointSaver[str]]:
    if not url.startswith(("postgresql://", "postgres://")):
        raise InputError(f"--checkpoints {url}: is not a URL of Postgres; write postgresql://…")
    try:
        import psycopg
        from langgraph.checkpoint.postgres import PostgresSaver
    except ImportError:
        raise ExternalError(
            "--checkpoints needs the extra `postgres`",
            hint=f"{install_command('postgres')}, or leave it out to keep the state in the run",
        ) from None
    try:
        with PostgresSaver.from_conn_string(url) as saver:
            saver.setup()
            saver.serde = JsonPlusSerializer(allowed_msgpack_modules=None)
            yield saver
    except psycopg.OperationalError as problem:
        first = str(problem).strip().partition("\n")[0]
        raise ExternalError(f"--checkpoints: the database cannot be used: {first}") from None

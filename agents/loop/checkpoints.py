"""Where the graph keeps its state: SQLite inside the run's directory, or Postgres by its URL."""

from collections.abc import Iterator
from contextlib import contextmanager

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from agents.run.databases import connect, database_errors
from agents.run.directory import RunDirectory
from harness.errors import InputError, SurroundingsError
from store.extras import install_command


@contextmanager
def checkpoints(run: RunDirectory, url: str | None = None) -> Iterator[BaseCheckpointSaver[str]]:
    """The saver of a run, for the length of a block.

    Args:
        run: the run.
        url: ``postgresql://…`` for a database that a team shares; SQLite by default.

    Raises:
        InputError: the URL is none of Postgres.
        SurroundingsError: the extra is not installed, or the database cannot be reached.
    """
    if url is not None:
        with _postgres(url) as saver:
            yield saver
        return
    with database_errors(run.checkpoints_path, _ADVICE):
        connection = connect(run.checkpoints_path)
        try:
            # The state is plain, so nothing but plain values is ever made from what is read.
            yield SqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        finally:
            connection.close()


_ADVICE = (
    "put back the file that the run was begun with, and --resume; without it, begin another run"
    " with --replies of this one"
)


@contextmanager
def _postgres(url: str) -> Iterator[BaseCheckpointSaver[str]]:
    if not url.startswith(("postgresql://", "postgres://")):
        raise InputError(f"--checkpoints {url}: is no URL of Postgres; write postgresql://…")
    try:
        import psycopg
        from langgraph.checkpoint.postgres import PostgresSaver
    except ImportError:
        raise SurroundingsError(
            "--checkpoints wants the extra `postgres`",
            hint=f"{install_command('postgres')}, or leave it out to keep the state in the run",
        ) from None
    try:
        with PostgresSaver.from_conn_string(url) as saver:
            saver.setup()
            saver.serde = JsonPlusSerializer(allowed_msgpack_modules=None)
            yield saver
    except psycopg.OperationalError as problem:
        first = str(problem).strip().partition("\n")[0]
        raise SurroundingsError(f"--checkpoints: the database cannot be used: {first}") from None

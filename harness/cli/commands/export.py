"""``rheostat export``: a recording as Parquet."""

from pathlib import Path

import click

from harness.cli.declare import FilePath, command


@command(
    "export",
    examples=[
        (
            "rheostat export sample/search/sim-large.recording --to tables",
            "Writes tables/questions.parquet, branches.parquet and probes.parquet.",
        ),
        (
            "rheostat export sample/search/sim-large.recording --to branches.parquet",
            "Writes one table with a row for each branch.",
        ),
    ],
)
@click.argument("recording", type=FilePath(), help="The sealed recording to export.")
@click.option(
    "--to",
    "target",
    required=True,
    metavar="DIR|FILE.parquet",
    type=FilePath(),
    help="A directory to make, or one .parquet file.",
)
def export(recording: Path, target: Path) -> None:
    """Writes a recording as Parquet, for analysis with other tools.

    Nothing is written over. `rheostat explain importing` documents the columns.
    """
    from harness.cli.output import emit_paths
    from store.parquet import export_flat, export_tables
    from store.reader import open_recording

    opened = open_recording(recording)
    if target.suffix == ".parquet":
        export_flat(opened, target)
        emit_paths([target])
    else:
        emit_paths(export_tables(opened, target))

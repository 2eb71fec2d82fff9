"""``rheostat sample``: the built-in simulated recordings."""

from pathlib import Path

import click

from harness.cli.declare import FilePath, command


@command(
    "sample",
    examples=[
        ("rheostat sample", "Writes six recordings under ./sample."),
        ("rheostat sample -o data/sample", "Writes them elsewhere."),
    ],
)
@click.option(
    "-o",
    "--output",
    "directory",
    metavar="DIR",
    type=FilePath(file_okay=False),
    default=Path("sample"),
    show_default=True,
    help="Write under DIR.",
)
def sample(directory: Path) -> None:
    """Writes six simulated recordings to try everything on.

    Three simulated models over two benchmarks, search and heldout. No language model was involved:
    figures made from them say nothing about any. Recordings that are already there are kept.
    """
    from harness.cli import console
    from harness.cli.output import emit_paths
    from store.sample import BENCHMARKS, REASONERS, write_sample

    with console.progress("simulating", len(BENCHMARKS) * len(REASONERS)) as advance:
        written = []
        for each in write_sample(directory):
            written.append(each)
            advance(1)
    emit_paths(each.path for each in written)
    kept = sum(each.kept for each in written)
    if kept:
        console.say(f"{kept} of {len(written)} were there already and are the same; kept")

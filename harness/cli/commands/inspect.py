"""``rheostat inspect``: what recordings hold, in figures."""

from pathlib import Path

import click

from harness.cli.declare import FilePath, command, output_options
from harness.cli.output import Output


@command(
    "inspect",
    examples=[
        ("rheostat inspect sample/search/sim-large.recording", "Shows one recording on a page."),
        ("rheostat inspect sample/*/*.recording", "Compares several, a row for each."),
        ("rheostat inspect --verify --json r.recording", "Checks every byte; JSON for a program."),
    ],
)
@click.argument(
    "recordings",
    nargs=-1,
    required=True,
    metavar="RECORDINGS...",
    type=FilePath(),
    help="Sealed recordings.",
)
@click.option("--questions", is_flag=True, help="Give the figures of each question too.")
@click.option("--verify", is_flag=True, help="Read and check every byte first.")
@output_options
def inspect(out: Output, recordings: tuple[Path, ...], questions: bool, verify: bool) -> None:
    """Shows what recordings hold: accuracy, lengths, agreement by depth, provenance.

    pass@1 is the mean share of right branches. majority@64 is the mean over the shuffles that
    replay deals for seeds 0..99, ties to the first seen. pass@64 is the unbiased estimate. With
    fewer branches than 64, all are taken and the number says so.
    """
    from harness.cli import console, inspect_page
    from harness.cli.output import Form
    from harness.explanation.inspection import inspect as figures_of
    from store.reader import open_recording

    with console.progress("inspecting", len(recordings)) as advance:
        found = []
        for path in recordings:
            found.append(figures_of(open_recording(path), questions=questions, verify=verify))
            advance(1)
    if out.form is Form.JSON:
        out.document(found, "")
    elif len(found) == 1 and out.form is Form.PEOPLE:
        out.text(inspect_page.page(found[0]))
    else:
        whole = out.form is Form.CSV
        out.table(
            inspect_page.questions(found)
            if questions
            else inspect_page.overview(found, whole=whole)
        )
    if verify:
        console.say(f"{len(found)} verified: every byte is intact")

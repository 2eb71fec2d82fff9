"""``rheostat explore``: what simple evidence about an answer is worth."""

from pathlib import Path

import click

from harness.cli.declarations import command, output_options
from harness.cli.options import seeds_option
from harness.cli.output import Output
from harness.cli.parameter_types import FilePath


@command(
    "explore",
    examples=[
        ("rheostat explore sample/search/*.recording", "Show the base rates of all recordings."),
        ("rheostat explore r.recording --seeds 100", "Count over more branch orders."),
        ("rheostat explore r.recording --json", "Write all of it as JSON."),
    ],
)
@click.argument(
    "recordings",
    nargs=-1,
    required=True,
    type=FilePath(),
    metavar="RECORDINGS...",
    help="Sealed recordings with probes.",
)
@seeds_option(20)
@click.option(
    "--by",
    type=click.Choice(["episode", "question"]),
    default="episode",
    show_default=True,
    help="Average over all episodes, or give each question equal weight; --json and --csv have"
    " both.",
)
@output_options  # fmt: skip
def explore(out: Output, recordings: tuple[Path, ...], seeds: int, by: str) -> None:
    """Show how often simple evidence about an answer is right.

    Sixteen branches are opened in parallel and read to their ends, under each seed. The tables show
    how often the first branches to finish are right, how often the leading answer of the finished
    branches is right by its number of votes, how reliable agreement among unfinished branches is,
    and which questions use the most tokens. Use the rates to choose the rules of a controller.

    Args:
        out: Where to write the result, and in which format.
        recordings: Sealed recordings with probes.
        seeds: Number of seeds for each question; they are 0 to ``seeds - 1``.
        by: What the shown rates are means over.
    """
    from harness.cli import console
    from harness.cli.output import OutputFormat, output_width
    from harness.explanation.base_rates import count_base_rates
    from harness.mdp.environment import load_replay_environment
    from harness.pages.base_rates_page import RateUnit, format_base_rates, rates_table
    from harness.request.recordings import open_recordings

    opened = open_recordings(recordings)
    rates = []
    with console.progress("exploring", len(opened)) as advance:
        for recording in opened:
            rates.append(
                count_base_rates(load_replay_environment(recording.recording), range(seeds))
            )
            advance(1)
    if out.form is OutputFormat.CSV:
        out.table(rates_table(rates))
        return
    document = [
        {"rates": counted.rates, "contrasts": counted.contrasts, "questions": counted.kinds}
        for counted in rates
    ]
    what = {"recordings": [recording.label for recording in opened], "seeds": seeds}
    out.document(
        {"what": what, "base_rates": document},
        format_base_rates(rates, output_width(out), unit=RateUnit(by)),
    )

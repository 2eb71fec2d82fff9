"""``rheostat verify``: whether a server still gives what a recording holds."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.declarations import command, output_options
from harness.cli.output import Output
from harness.cli.parameter_types import FilePath, WholeNumber
from harness.cli.serving_options import patience_option, serving_options

if TYPE_CHECKING:
    from harness.cli.model_servers import ServerOptions
    from harness.presentation.table import Table
    from store.collection.probing import AnswerRules
    from store.collection.settings import Settings
    from store.collection.verification import BranchCheck
    from store.reader import Recording


@command(
    "verify",
    examples=[
        (
            "rheostat verify a.rec --base-url http://gpu:8000 --model Qwen3-8B",
            "Sample eight branches and their probes again.",
        ),
    ],
)
@click.argument("recording", type=FilePath(), help="A sealed recording made by `rheostat collect`.")
@serving_options
@patience_option(300.0)
@click.option(
    "--branches",
    metavar="N",
    type=WholeNumber(1, 1 << 20),
    default=8,
    show_default=True,
    help="Number of branches to sample again, chosen at random.",
)
@click.option(
    "--seed",
    metavar="N",
    type=WholeNumber(0, 1 << 62),
    default=0,
    show_default=True,
    help="Random seed for the choice of branches.",
)
@output_options  # fmt: skip
def verify(out: Output, recording: Path, branches: int, seed: int, **options: object) -> None:
    """Sample branches of a recording again, and compare them.

    Their probes are compared too. The exit status is 1 if anything differs. A few differences are
    normal: another batch or another machine changes the order of floating-point operations, and so
    occasionally a token. If most branches differ, the server runs another model.

    Args:
        out: Where to write the result, and in which format.
        recording: The recording to sample from again.
        branches: Number of branches to sample again.
        seed: Random seed for the choice of branches.
        **options: Options of the server, as fields of `harness.cli.model_servers.ServerOptions`.
    """
    from harness.cli import console, model_servers
    from harness.errors import NegativeResult
    from store.collection.verification import read_settings
    from store.reader import open_recording

    opened = open_recording(recording)
    settings = read_settings(opened)
    served = model_servers.ServerOptions(**options)  # type: ignore[arg-type]
    with model_servers.open_reading(settings.extraction, settings.equivalence) as reading:
        checks, inexact = model_servers.run_async(
            _check(opened, settings, served, reading, branches, seed)
        )
    out.table(table(checks))
    same = sum(check.same for check in checks)
    if same < len(checks):
        raise NegativeResult(f"{same} of {len(checks)} branches match the recording", hint=inexact)
    console.info(f"{same} of {same} branches match the recording")


async def _check(
    recording: "Recording",
    settings: "Settings",
    served: "ServerOptions",
    reading: "AnswerRules",
    branches: int,
    seed: int,
) -> "tuple[list[BranchCheck], str | None]":
    """Return the branches that were drawn again, and why equal tokens are not expected, if so."""
    import asyncio

    from harness.cli import console
    from harness.cli.model_servers import connect_servers, describe_inexactness
    from store.collection.preparation import check_same_model
    from store.collection.verification import (
        BranchVerifier,
        choose_branches,
        describe_engine_mismatch,
        refuse_shorter_context,
    )

    async with connect_servers(served) as endpoints:
        served_model = await check_same_model(endpoints)
        if odd := describe_engine_mismatch(recording, served_model):
            console.warn(odd)
        await refuse_shorter_context(recording, settings, served_model, endpoints[0])
        chosen = choose_branches(recording, branches, seed)
        with console.progress("sampling again", len(chosen)) as advance:

            async def one(position: int, number: int, index: int) -> "BranchCheck":
                endpoint = endpoints[position % len(endpoints)]
                checking = BranchVerifier(recording, settings, endpoint, reading)
                check = await checking.check(number, index)
                advance(1)
                return check

            checks = await asyncio.gather(
                *(one(position, *branch) for position, branch in enumerate(chosen))
            )
        inexact = None if served_model.repeats else describe_inexactness(served_model)
        return list(checks), inexact


def table(checks: "list[BranchCheck]") -> "Table":
    """Return a row for each branch that was drawn again."""
    from harness.presentation.table import Column, Table

    columns = [
        Column("question"), Column("branch"), Column("tokens"), Column("again"),
        Column("same_up_to", "same up to"), Column("probes"),
        Column("same_probes", "same probes"), Column("same_final", "same final"), Column("same"),
    ]  # fmt: skip
    rows = [
        (check.question, check.branch, check.tokens, check.again, check.same_up_to, check.probes,
         check.same_probes, "yes" if check.same_final else "no", "yes" if check.same else "no")
        for check in checks
    ]  # fmt: skip
    return Table(columns, rows)

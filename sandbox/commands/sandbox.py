"""``rheostat sandbox``: the image and the engine that controllers in Python are played in."""

import click

from harness.cli.declarations import document_options, group, output_options
from harness.cli.output import Output
from sandbox.image import BASE, NAME


@group(
    "sandbox",
    examples=[
        ("rheostat sandbox check", "Says what the Docker engine at hand can be trusted with.")
    ],
)
def sandbox() -> None:
    """Makes and checks the sandbox for controllers in Python."""


_image_option = click.option(
    "--image", metavar="NAME", default=NAME, show_default=True, help="The image's name."
)


@sandbox.command(
    "build",
    examples=[
        ("rheostat sandbox build", "Builds the image on Python's own."),
        ("rheostat sandbox build --base registry.local/python:3.13", "Builds it on another."),
        ("rheostat sandbox build --from-host", "Makes it of the Python that runs this."),
    ],
)
@click.option(
    "--base",
    metavar="IMAGE",
    default=BASE,
    show_default=True,
    help="The image to build on; it has python3.",
)
@click.option(
    "--from-host",
    is_flag=True,
    help="Make it of the Python that runs this; asks no registry.",
)
@_image_option
@document_options
def build(out: Output, base: str, from_host: bool, image: str) -> None:
    """Makes the image that workers run in.

    It holds an interpreter, the worker and the three packages that it needs. It is made anew after
    an update of rheostat.
    """
    from sandbox.image_builder.build import build_image

    made = build_image(image, None if from_host else base)
    mebibytes = made.size / (1 << 20)
    value = {"image": image, "id": made.identity, "size": made.size}
    out.document(value, f"{image}: {made.identity}, {mebibytes:.0f} MiB")


@sandbox.command(
    "check",
    examples=[
        ("rheostat sandbox check", "Tries to break out in every way that we know."),
        ("rheostat sandbox check --runtime runsc", "The same with gVisor."),
        ("rheostat sandbox check --json", "The same for a program."),
    ],
)
@_image_option
@click.option("--runtime", metavar="NAME", help="The engine's runtime, such as runsc.")
@output_options
def check(out: Output, image: str, runtime: str | None) -> None:
    """Checks that the Docker engine at hand holds what the sandbox promises.

    Each check starts a container as a worker's is started, and runs in it what somebody would run
    who had broken the first wall.
    """
    from harness.cli import console
    from harness.errors import NegativeResult
    from harness.presentation.table import Column, Table
    from sandbox.conformance.checks import CHECKS, LIMITS
    from sandbox.conformance.runner import CheckVerdict, run_checks
    from sandbox.host.container import ContainerWorkerLauncher

    place = ContainerWorkerLauncher(image, runtime=runtime, limits=LIMITS)
    found = []
    with console.progress("checking", len(CHECKS) + 1) as advance:
        for each in run_checks(place):
            found.append(each)
            advance(1)
    columns = [Column("check"), Column("statement"), Column("verdict"), Column("detail")]
    rows = [(each.name, each.statement, each.verdict.value, each.detail) for each in found]
    out.table(Table(columns, rows), engine=place.engine)
    failed = [each.name for each in found if each.verdict is CheckVerdict.FAILS]
    if failed:
        raise NegativeResult(
            f"{len(failed)} of {len(found)} do not hold: {', '.join(failed)}",
            hint="do not play controllers that you do not trust on this engine",
        )

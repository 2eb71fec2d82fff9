"""``rheostat sandbox``: the image and the engine that controllers in Python are played in."""

import click

from harness.cli.declarations import document_options, group, output_options
from harness.cli.output import Output
from sandbox.image import BASE, NAME


@group(
    "sandbox",
    examples=[
        ("rheostat sandbox check", "Check how well the local Docker engine isolates controllers.")
    ],
)
def sandbox() -> None:
    """Build and check the sandbox for controllers in Python."""


_image_option = click.option(
    "--image", metavar="NAME", default=NAME, show_default=True, help="Name of the image."
)


@sandbox.command(
    "build",
    examples=[
        ("rheostat sandbox build", "Build the image from Python's official one."),
        (
            "rheostat sandbox build --base registry.local/python:3.13",
            "Build it from another image.",
        ),
        ("rheostat sandbox build --from-host", "Build it from the Python that runs this command."),
    ],
)
@click.option(
    "--base",
    metavar="IMAGE",
    default=BASE,
    show_default=True,
    help="Image to build on; it must have python3.",
)
@click.option(
    "--from-host",
    is_flag=True,
    help="Build from the Python that runs this command, without a registry.",
)
@_image_option
@document_options
def build(out: Output, base: str, from_host: bool, image: str) -> None:
    """Build the image that workers run in.

    The image holds an interpreter, the worker and the three packages that it needs. Rebuild it
    after an update of rheostat.

    Args:
        out: Where to write the result, and in which format.
        base: Image to build on.
        from_host: Whether to copy the running Python instead of building on ``base``.
        image: Name of the image to build.
    """
    from sandbox.image_builder.build import build_image

    built = build_image(image, None if from_host else base)
    mebibytes = built.size / (1 << 20)
    value = {"image": image, "id": built.identity, "size": built.size}
    out.document(value, f"{image}: {built.identity}, {mebibytes:.0f} MiB")


@sandbox.command(
    "check",
    examples=[
        ("rheostat sandbox check", "Try every known way to escape."),
        ("rheostat sandbox check --runtime runsc", "Do the same with gVisor."),
        ("rheostat sandbox check --json", "Write the results as JSON."),
    ],
)
@_image_option
@click.option("--runtime", metavar="NAME", help="Container runtime of the engine, such as runsc.")
@output_options
def check(out: Output, image: str, runtime: str | None) -> None:
    """Check that the local Docker engine isolates controllers.

    Each check starts a container as for a worker, and runs in it what an attacker would run after
    escaping the interpreter.

    Args:
        out: Where to write the results, and in which format.
        image: Name of the image to check.
        runtime: Container runtime of the engine; ``None`` for its default.

    Raises:
        NegativeResult: A check failed.
    """
    from harness.cli import console
    from harness.errors import NegativeResult
    from harness.presentation.table import Column, Table
    from sandbox.conformance.checks import CHECKS, LIMITS
    from sandbox.conformance.runner import CheckVerdict, run_checks
    from sandbox.host.container import ContainerWorkerLauncher

    launcher = ContainerWorkerLauncher(image, runtime=runtime, limits=LIMITS)
    results = []
    with console.progress("checking", len(CHECKS) + 1) as advance:
        for result in run_checks(launcher):
            results.append(result)
            advance(1)
    columns = [Column("check"), Column("statement"), Column("verdict"), Column("detail")]
    rows = [
        (result.name, result.statement, result.verdict.value, result.detail) for result in results
    ]
    out.table(Table(columns, rows), engine=launcher.engine)
    failed = [result.name for result in results if result.verdict is CheckVerdict.FAILS]
    if failed:
        raise NegativeResult(
            f"{len(failed)} of {len(results)} checks failed: {', '.join(failed)}",
            hint="do not play untrusted controllers on this engine",
        )

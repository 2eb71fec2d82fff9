"""``rheostat trace``: one episode, action by action."""

from pathlib import Path

import click

from harness.cli.declare import Whole, command, document_options
from harness.cli.options import (
    beta_option,
    controller_argument,
    on_option,
    rules_options,
    set_option,
)
from harness.cli.output import Output


@command(
    "trace",
    plays=True,
    examples=[
        (
            "rheostat trace cmc --on r.recording --question 7 --seed 3 --beta 0.5",
            "Shows how one episode went.",
        ),
        (
            "rheostat trace esc --on r.recording --question search-07 --set size=4 --json",
            "All of it for a program.",
        ),
    ],
)
@controller_argument
@on_option
@click.option(
    "--question",
    metavar="Q",
    default="0",
    show_default=True,
    help="The question, by its id or its number from 0.",
)
@click.option(
    "--seed",
    metavar="S",
    type=Whole(0, (1 << 63) - 1),
    default=0,
    show_default=True,
    help="The seed, which decides the order of the branches and every draw.",
)
@beta_option
@set_option
@rules_options
@document_options  # fmt: skip
def trace(
    out: Output,
    controller: str,
    on: tuple[Path, ...],
    question: str,
    seed: int,
    beta: str,
    settings: tuple[str, ...],
    budget: int | None,
    kappa: int,
) -> None:
    """Shows one episode action by action, and the vote at its end.

    Each verb that did something stands with its place in the source: what changed in the
    program's memory before it, the branches that it went to, the answers that it revealed, the
    tokens that it was charged. At the end come the votes, the answer, and the gold answer.
    """
    from harness.cli import trace_page
    from harness.engines import Rules
    from harness.engines.interpreter import InterpreterEngine
    from harness.errors import InputError
    from harness.explanation.tracing import traced
    from harness.mdp.environment import environment
    from harness.request.configured import ForeignConfigured, configured_any, origin
    from harness.request.questions import question_number
    from harness.request.recordings import open_recordings

    plan = configured_any(controller, beta, settings, Rules(budget, kappa))
    engine = InterpreterEngine.name
    if isinstance(plan, ForeignConfigured):
        engine = plan.program.version
    if len(on) > 1:
        raise InputError("--on: a trace shows one episode; name one recording")
    [named] = open_recordings(on)
    number = question_number(named.recording, question)
    found = traced(plan, environment(named.recording), number, seed)
    name = named.recording.questions[number].id
    what = origin(plan, [named]) | {
        "engine": engine,
        "question": {"id": name, "number": number},
        "seed": seed,
    }
    about = {
        "controller": f"{plan.program.label} ({plan.program.origin})",
        "recording": f"{named.label} ({named.recording.path})",
        "question": f"{name}, number {number}",
        "seed": f"{seed}",
    }
    out.document({"what": what, "episode": found}, trace_page.page(plan, about, found))

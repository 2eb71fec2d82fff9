"""``rheostat trace``: one episode, action by action."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import shell_completion
from harness.cli.declarations import SpreadingOption, command, document_options
from harness.cli.options import beta_option, rules_options, set_option
from harness.cli.output import Output
from harness.cli.parameter_types import FilePath, WholeNumber

if TYPE_CHECKING:
    from harness.request.plan import Plan


@command(
    "trace",
    plays=True,
    examples=[
        (
            "rheostat trace cmc --on r.recording --question 7 --seed 3 --beta 0.5",
            "Show one episode, action by action.",
        ),
        (
            "rheostat trace esc --on r.recording --question search-07 --set size=4 --json",
            "Write the episode as JSON.",
        ),
        (
            "rheostat trace --from traces.jsonl --question search-07",
            "Show an episode that `rheostat run` saved.",
        ),
    ],
)
@click.argument(
    "controller",
    required=False,
    metavar="[CONTROLLER]",
    help="A Rheo file, or the name of a library controller; not with --from.",
    shell_complete=shell_completion.complete_controllers,
)
@click.option(
    "--on",
    cls=SpreadingOption,
    multiple=True,
    metavar="RECORDING",
    type=FilePath(),
    help="Sealed recording to replay.",
)
@click.option(
    "--from",
    "traces",
    metavar="FILE",
    type=FilePath(dir_okay=False),
    help="Show an episode from this file of `rheostat run --traces`; nothing is played.",
)
@click.option(
    "--question",
    metavar="Q",
    help="Question, by its id or its number from 0. [default: the first]",
)
@click.option(
    "--seed",
    metavar="S",
    type=WholeNumber(0, (1 << 63) - 1),
    default=0,
    show_default=True,
    help="Random seed, which sets the order of the branches and every sample.",
)
@beta_option
@set_option
@rules_options
@document_options  # fmt: skip
def trace(
    out: Output,
    controller: str | None,
    on: tuple[Path, ...],
    traces: Path | None,
    question: str | None,
    seed: int,
    beta: str,
    settings: tuple[str, ...],
    budget: int | None,
    kappa: int,
) -> None:
    """Show one episode, action by action, and the vote at its end.

    Each action is shown with its position in the source: what changed in the program's memory
    before it, the branches it affected, the answers it revealed, and the tokens it cost. The votes,
    the answer and the gold answer follow.

    Args:
        out: Where to write the result, and in which format.
        controller: A Rheo file, or the name of a library controller; ``None`` with ``traces``.
        on: The recording to replay; none to show a live episode.
        traces: Traces of live episodes to read in place of a recording.
        question: Id or number of the question; ``None`` for the first.
        seed: Seed of the episode.
        beta: The value of β as typed.
        settings: Knobs to set, each as ``[CONTROLLER.]KNOB=VALUES``.
        budget: Most tokens of an episode; ``None`` for no limit.
        kappa: Cost of a probe in tokens.
    """
    _refuse_unfit(controller, on, traces)
    if traces is not None:
        _show_live_episode(out, traces, question, seed)
        return
    assert controller is not None
    from harness.engines import EpisodeRules
    from harness.request.plan import parse_plan

    plan = parse_plan(controller, beta, settings, EpisodeRules(budget, kappa))
    _show_replay(out, plan, on, question, seed)


def _show_replay(
    out: Output, plan: "Plan", on: tuple[Path, ...], question: str | None, seed: int
) -> None:
    """Play an episode over a recording and show it."""
    from harness.cli import console
    from harness.evaluation.point_warnings import describe_shortage
    from harness.explanation.question_trace import trace_question
    from harness.pages import trace_page
    from harness.request.recordings import find_question, open_recordings

    [named] = open_recordings(on)
    number = find_question(named.recording, "0" if question is None else question)
    what, about, episode = trace_question(plan, named, number, seed)
    console.warn_all(describe_shortage(plan, [named]))
    out.document({"what": what, "episode": episode}, trace_page.format_trace(what, about, episode))


def _refuse_unfit(controller: str | None, on: tuple[Path, ...], traces: Path | None) -> None:
    """Refuse what does not go together: an episode is played, or read from where it is kept.

    Raises:
        InputError: both were asked for, or several recordings.
        click.MissingParameter: neither was.
    """
    from harness.errors import InputError

    if traces is not None:
        if controller is not None or on:
            raise InputError(
                "--from: shows an episode that was already played; leave out the controller and"
                " --on"
            )
        return
    if controller is None:
        raise _missing("controller")
    if not on:
        raise _missing("on")
    if len(on) > 1:
        raise InputError("--on: a trace shows one episode; give one recording")


def _missing(name: str) -> click.MissingParameter:
    """Return the error for a missing parameter, which only --from makes optional."""
    ctx = click.get_current_context()
    param = next(param for param in ctx.command.params if param.name == name)
    return click.MissingParameter(ctx=ctx, param=param)


def _show_live_episode(out: Output, path: Path, question: str | None, seed: int) -> None:
    """Show an episode that was played live."""
    import msgspec

    from harness.live.trace_file import EpisodeProvenance, read_trace
    from harness.pages import trace_page

    document = read_trace(path, question, seed)
    what = msgspec.convert(document.what, type=EpisodeProvenance)
    about = {
        "controller": f"{what.controller} ({what.origin})",
        "played": f"{what.engine}, {what.seconds:.1f} s",
        "question": f"{what.question.id}, number {what.question.number}",
        "seed": f"{what.seed}",
    }
    out.document(document, trace_page.format_trace(document.what, about, document.episode))

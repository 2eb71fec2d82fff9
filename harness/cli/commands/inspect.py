"""``rheostat inspect``: what recordings, or records of trials, hold, in figures."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.declarations import command, output_options
from harness.cli.output import Output
from harness.cli.parameter_types import FilePath
from harness.messages import format_count

if TYPE_CHECKING:
    from store.reader import Recording


@command(
    "inspect",
    examples=[
        ("rheostat inspect sample/search/sim-large.recording", "Show one recording in detail."),
        ("rheostat inspect sample/*/*.recording", "Compare several recordings, one per row."),
        ("rheostat inspect runs/digits/trials.record", "Show a record of trials."),
        ("rheostat inspect --verify --json r.recording", "Check every byte, and write JSON."),
    ],
)
@click.argument(
    "recordings",
    nargs=-1,
    required=True,
    metavar="RECORDINGS...",
    type=FilePath(),
    help="Sealed recordings, or records of trials.",
)
@click.option("--questions", is_flag=True, help="Show the figures of each question too.")
@click.option("--verify", is_flag=True, help="Read and check every byte first.")
@output_options
def inspect(out: Output, recordings: tuple[Path, ...], questions: bool, verify: bool) -> None:
    """Summarise recordings: accuracy, lengths, agreement by depth.

    pass@1 is the mean share of correct branches. majority@64 is the mean over the branch orders
    that replay uses for the seeds 0 to 99; ties go to the answer seen first. pass@64 is the
    unbiased estimate. With fewer than 64 branches, all are taken and the label shows how many.

    For a record of trials, the summary shows the pipeline, its stages and models, the best trial,
    and whether the last append is incomplete. Every byte is checked.

    If answers were compared as text and math-verify is installed, a warning lists final answers
    that math-verify considers equal.

    Args:
        out: Where to write the result, and in which format.
        recordings: Sealed recordings, or records of trials.
        questions: Whether to show the figures of each question.
        verify: Whether to read and check every byte first.
    """
    from harness.cli import console
    from harness.cli.output import OutputFormat
    from harness.explanation.inspection import inspect_recording as figures_of
    from harness.pages import inspect_page
    from store.pipelines.trials import is_trial_file
    from store.reader import open_recording

    records = [path for path in recordings if is_trial_file(path)]
    if records:
        _refuse_both(recordings, records)
        _inspect_trials(out, records, questions=questions, verify=verify)
        return
    with console.progress("inspecting", len(recordings)) as advance:
        opened, inspections = [], []
        for path in recordings:
            opened.append(open_recording(path))
            inspections.append(figures_of(opened[-1], questions=questions, verify=verify))
            advance(1)
    if out.form is OutputFormat.JSON:
        out.document(inspections, "")
    elif len(inspections) == 1 and out.form is OutputFormat.PEOPLE:
        out.text(inspect_page.format_inspection(inspections[0]))
    else:
        all_columns = out.form is OutputFormat.CSV
        out.table(
            inspect_page.questions_table(inspections)
            if questions
            else inspect_page.overview_table(inspections, all_columns=all_columns)
        )
    if verify:
        console.info(f"{len(inspections)} verified: every byte is intact")
    _warn_of_spellings(opened)


def _warn_of_spellings(recordings: "Sequence[Recording]") -> None:
    """Warn of equal answers that are written differently, as far as math-verify is installed."""
    from harness.cli import console
    from harness.cli.import_run import find_answers_cache
    from harness.explanation.spellings import find_spellings, may_differ
    from store.answers.equivalence import open_equivalence
    from store.errors import StoreError

    candidates = [recording for recording in recordings if may_differ(recording)]
    if not candidates:
        return
    with ExitStack() as stack:
        try:
            opened = open_equivalence("math-verify", cache=find_answers_cache())
            equivalence = stack.enter_context(opened)
        except StoreError:
            return  # the library is an extra, and this command does its work without it
        for recording in candidates:
            spellings = find_spellings(recording, equivalence)
            if spellings is not None:
                question, answer, equal = spellings.example
                console.warn(
                    f"{recording.path}: {spellings.finals:,} of {spellings.of_finals:,} final"
                    f" answers are written differently from an equal one, such as {answer!r}"
                    f" for {equal!r} in {question}, and count as different; if they are merged,"
                    f" pass@1 is {spellings.pass_at_1:.2f} %. Import the data again with"
                    " --equivalence math-verify"
                )


def _refuse_both(paths: Sequence[Path], records: Sequence[Path]) -> None:
    from harness.errors import InputError

    other = next((path for path in paths if path not in records), None)
    if other is not None:
        raise InputError(
            f"{other}: not a record of trials, but {records[0]} is one; inspect each kind"
            " separately"
        )


def _inspect_trials(out: Output, records: Sequence[Path], *, questions: bool, verify: bool) -> None:
    from harness.cli import console
    from harness.cli.output import OutputFormat
    from harness.explanation.trials_inspection import inspect_trials
    from harness.pages import inspect_page

    inspections = [inspect_trials(path, questions=questions) for path in records]
    if out.form is OutputFormat.JSON:
        out.document(inspections, "")
    elif len(inspections) == 1 and out.form is OutputFormat.PEOPLE:
        out.text(inspect_page.format_trials(inspections[0]))
    else:
        page = inspect_page.trials_questions_table if questions else inspect_page.trials_table
        out.table(page(inspections))
    if verify:
        torn = sum(inspection.torn is not None for inspection in inspections)
        besides = f", but for {format_count(torn, 'torn last append')}" if torn else ""
        console.info(f"{len(inspections)} verified: every byte is intact{besides}")

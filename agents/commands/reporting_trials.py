"""The report of a run of trials, and what was held out of them."""

from pathlib import Path

from msgspec.structs import replace

from agents.allocation.held_out import held_out_told
from agents.allocation.means import environment_of, means_of
from agents.allocation.result import result
from agents.allocation.summary import summary
from agents.allocation.writing import write_card, write_trial_report
from agents.run.directory import RunDirectory
from harness.cli.output import Output


def reported(
    run: RunDirectory, into: Path | None, out: Output, held_out: bool | None, base_url: str | None
) -> None:
    """Writes the report of a run of trials, as far as it came, and shows a summary.

    Where what was held out is opened, the winner's card says what came of it too.

    Args:
        run: the run.
        into: where to; the run's own directory by default.
        out: where the summary is shown.
        held_out: whether to open what was held out; see `agents.allocation.held_out`.
        base_url: of the server that carries that out; the run's by default.

    Raises:
        InputError: and `StoreError`: a file of the run or of its pipeline is not what it was.
        SurroundingsError: a server does not play its part.
    """
    asked = run.request.allocation
    assert asked is not None
    where = environment_of(asked, run)
    found = result(run, where)
    means = means_of(asked, run)
    if base_url is not None:
        means = means._replace(base_url=base_url)
    told = held_out_told(run, where, means, found, held_out)
    found = replace(found, held_out=told)
    write_trial_report(run, found, into)
    opened = told is not None and told.unseen is not None
    if opened and into is None and run.card_path.is_file() and found.best is not None:
        candidate = found.best.candidate
        write_card(run, where, candidate, run.decision(candidate), told)
    out.document(found, summary(found))

"""Write a simulated recording of any size, to measure commands on, and the time that it takes.

python -m tests.store.write_simulated big.recording --questions 5000
"""

import resource
import time
from pathlib import Path

import click
import msgspec

from store.environment import save
from store.reader import Recording, open_recording
from store.simulation import REASONERS, Benchmark, simulate

KEPT = ("tokens", "final", "finish", "seed", "entropy", "logprob", "top_logprob")
"""The fields of a branch that have the same name in JSON Lines."""


def write_lines(recording: Recording, path: Path) -> None:
    """Write a recording as JSON Lines for `rheostat import jsonl`."""
    with path.open("wb") as file:
        for number, question in enumerate(recording.questions):
            branches = [
                {"probes": branch.answers, **{name: getattr(branch, name) for name in KEPT}}
                for branch in recording.branches(number)
            ]
            line = {"question": question.text, "answer": question.gold, "branches": branches}
            file.write(msgspec.json.encode(line) + b"\n")


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--questions", default=500, show_default=True)
@click.option("--branches", default=128, show_default=True)
@click.option("--jsonl", type=click.Path(path_type=Path), help="Write JSON Lines, too.")
def main(path: Path, questions: int, branches: int, jsonl: Path | None) -> None:
    """Write a simulated recording, and print the processor time that it took."""
    start = time.process_time()
    save(simulate(REASONERS[1], Benchmark("big", questions, branches)), path)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    size = path.stat().st_size
    click.echo(f"{size / 1e6:,.0f} MB in {seconds:.2f} s of processor, peak {peak / 1e6:,.0f} MB")
    if jsonl is not None:
        write_lines(open_recording(path), jsonl)


if __name__ == "__main__":
    main()

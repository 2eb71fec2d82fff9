"""Sessions of scripted runs in separate processes that kill themselves at given events.

python scripted_session.py: for each line ``RUN CALLS [MOMENT COUNT]`` on stdin, forks a session of
RUN and answers with its exit status. The session writes a line into CALLS for each call of the
proposer, and kills itself with SIGKILL at the COUNTth MOMENT: an ``event``, the ``writes`` of a
node before they are kept, or a ``checkpoint`` before it is.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cmaes  # noqa: F401 - loaded once, and not by every session
from langgraph.checkpoint.sqlite import SqliteSaver

from agents.feedback.brief import Brief
from agents.loop.discovery_task import discovery_task_factory
from agents.loop.session import SessionOptions, run_session
from agents.proposers import ProposalBatch
from agents.run.directory import RunDirectory, open_run
from agents.run.records import Decision, Proposal, ResourceUsage
from agents.search.bench_protocol import Bench
from dsl.parser import load_grammar
from tests.agents.loop.programs import BAD, BROKEN, GOOD, OTHER

STILL_BROKEN = BROKEN.replace("winer(finished)", "winner(fin)")
ROUNDS = {1: [BAD, BROKEN], 2: [OTHER]}
REPAIRS = {BROKEN: STILL_BROKEN, STILL_BROKEN: GOOD}
PRICE = ResourceUsage(tokens_in=1_000, tokens_out=100, usd=0.25)


class Paid:
    """A proposer whose calls cost money and are recorded."""

    name = "paid"

    def __init__(self, calls: Path):
        self._calls = calls

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        self._note(f"propose {brief.round}")
        sources = ROUNDS.get(brief.round, [])
        return ProposalBatch([Proposal(source=source) for source in sources], PRICE, state=b"left")

    def repair(
        self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench
    ) -> ProposalBatch:
        self._note(f"repair {diagnostics.partition(chr(10))[0]}")
        return ProposalBatch([Proposal(source=REPAIRS[failed.source])], PRICE)

    def _note(self, call: str) -> None:
        with self._calls.open("a") as file:
            file.write(f"{call}\n")


class Killer:
    """Count events, and kill the process at one of them."""

    def __init__(self, count: int):
        self._left = count

    def strike(self, *ignored: object) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def armed(method: Callable[..., Any], killer: Killer) -> Callable[..., Any]:
    """Wrap a method so that its call counts as an event."""

    def before(*arguments: object, **named: object) -> object:
        killer.strike()
        return method(*arguments, **named)

    return before


def finish(run: RunDirectory, candidate: str | None, decision: Decision | None) -> None:
    if candidate is not None:
        run.write_text("selected.rheo", run.source(candidate))


def play(run: RunDirectory, calls: Path, moment: str = "", count: str = "0") -> None:
    killer = Killer(int(count))
    if moment == "writes":
        SqliteSaver.put_writes = armed(SqliteSaver.put_writes, killer)  # type: ignore[method-assign]
    if moment == "checkpoint":
        SqliteSaver.put = armed(SqliteSaver.put, killer)  # type: ignore[method-assign]
    manner = SessionOptions(workers=1, wait=False)
    if moment == "event":
        manner = manner._replace(listen=killer.strike)
    run_session(run, discovery_task_factory({"paid": Paid(calls)}), finish, manner)


def main() -> None:
    load_grammar()  # made once, likewise
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run, calls, *more = line.split()
            play(open_run(Path(run)), Path(calls), *more)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

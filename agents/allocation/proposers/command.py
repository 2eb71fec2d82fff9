"""The proposer ``command``: the published agent, played by any command-line agent.

It is given a scratch directory with the brief and the task, which is its standard input too. What
it leaves in ``trials.rheo``, allocations one after the other, is put forward; ``guidelines.md`` is
a list. What it did is kept like a model's reply, so a run is replayed without it.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from agents.allocation.briefing import seen_text
from agents.allocation.keeping import last_guidelines, with_guidelines
from agents.allocation.proposers import Suggestions, TrialBench
from agents.allocation.proposers.written import first_trials, read, task
from agents.chat.replies import Call, Finish, Message, Replies, Reply
from agents.outside.choose import place
from agents.outside.scratch import plain_text
from agents.proposers.choose import Means
from harness.errors import InputError

MOST = 100_000
"""Bytes that are read of what it leaves."""


class Command:
    """See the module.

    Args:
        command: as in a shell.
        means: where what it did is kept, and how long it may take.
    """

    def __init__(self, command: str, means: Means):
        self.name = f"command:{command}"
        self._command, self._asking, self._before = command, means.asking, means.before
        self._settings = means.agent
        self._replies = Replies(means.run, means.before)

    def suggest(self, bench: TrialBench) -> Suggestions:
        """See `agents.allocation.proposers.TrialProposer`."""
        opening = first_trials(bench)
        if opening is not None:
            return opening
        guidelines = last_guidelines(bench.state)
        brief = seen_text(bench.space, bench.seen, guidelines)
        told = f"{task(bench)}\n\nWrite the allocations into trials.rheo, and the guidelines into"
        told += " guidelines.md. The trials so far are in brief.md.\n"
        call = Call(
            model=self.name,
            messages=[Message("user", told), Message("user", brief)],
            temperature=None,
            reply_tokens=0,
            number=len(bench.seen),
        )
        kept = self._replies.find(call)
        if kept is None:
            kept = self._worked(bench, told, brief)
            self._replies.keep(call, kept)
        found = read(kept.text, bench)
        lines = found.guidelines or guidelines
        return Suggestions(
            found.trials[: bench.most],
            guidelines=lines,
            search={"ended": kept.problem, "dropped": found.dropped},
            state=with_guidelines(lines),
        )

    def _worked(self, bench: TrialBench, told: str, brief: str) -> Reply:
        if self._before is not None:
            raise InputError(
                f"{self._before.path}: does not hold what {self.name} did here",
                hint="without --replies the command is run",
            )
        seconds = self._asking.agent_minutes * 60
        where = place(self._asking, self._settings)
        with TemporaryDirectory(prefix="rheostat-") as made:
            folder = Path(made)
            (folder / "brief.md").write_text(brief, encoding="utf-8")
            ran = where.run(self._command, folder, told, seconds=seconds, bench=bench)
            guidelines = plain_text(folder / "guidelines.md", MOST) or ""
            trials = plain_text(folder / "trials.rheo", MOST) or ""
        status = "out of time" if ran.status is None else f"exit status {ran.status}"
        bench.tell(status, output=ran.output[-2000:])
        text = f"Guidelines\n\n{guidelines}\n\n```rheo\n{trials}\n```\n"
        return Reply(finish=Finish.ENDED, text=text, problem=status)

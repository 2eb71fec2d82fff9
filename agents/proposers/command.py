"""The proposer ``command``: any command-line agent that takes a prompt and works in a directory.

It is given a scratch directory with the brief and the history as files, and a ``rheostat`` that
checks, sweeps and profiles on what the round shows. What it leaves in ``candidate.rheo`` (or
``candidate.py``) is put forward. What it did is kept like a model's reply, so a run is replayed
without it.
"""

from collections.abc import Callable

import msgspec

from agents.chat.replies import Call, Finish, Message, Replies, Reply
from agents.feedback.brief import Brief
from agents.languages import writing
from agents.outside.desk import Asked, Desk, open_desk
from agents.outside.places import Place
from agents.outside.scratch import SOCKET, Left, candidate_file, left, scratch
from agents.pages import Pages
from agents.proposers import Bench, Proposed
from agents.run.directory import RunDirectory
from agents.run.records import Asking, Language, Proposal, Usage
from harness.errors import InputError

_page = Pages("agents.outside")


class _Done(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent came to."""

    source: str | None
    words: str
    usage: Usage
    played: list[Asked]
    status: int | None
    output: str


class Command:
    """See the module.

    Args:
        command: as in a shell.
        at: the run, where what it did is kept.
        asking: how long it may take.
        before: another run, whose outcomes stand for it.
        opened: makes the place where it runs, when it is first needed.
    """

    def __init__(
        self,
        command: str,
        at: RunDirectory,
        asking: Asking,
        before: RunDirectory | None,
        opened: Callable[[], Place],
    ):
        self.name = f"command:{command}"
        self._command, self._asking, self._before = command, asking, before
        self._opened = opened
        self._place: Place | None = None
        self._replies = Replies(at, before)

    def propose(self, brief: Brief, bench: Bench) -> Proposed:
        """See `agents.proposers.Proposer`."""
        language = bench.language
        fit = [each for each in brief.known if each.language is language]
        best = fit[0] if fit else None
        follows = "schedule" if language is Language.RHEO else "schedule_python"
        knobs = _page("free_knobs" if bench.free_knobs else follows)
        prompt = _page(
            "prompt",
            best=best.name if best else "nothing yet",
            allowance=bench.allowance,
            minutes=f"{self._asking.agent_minutes:g}",
            knobs=knobs,
            language=writing(language).name,
            file=candidate_file(language),
        )
        given = best.source if best else ""
        return self._asked(brief, bench, prompt, given, [best.name] if best else [])

    def repair(self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench) -> Proposed:
        """See `agents.proposers.Proposer`."""
        minutes = f"{self._asking.agent_minutes:g}"
        prompt = _page("mend", minutes=minutes, file=candidate_file(bench.language))
        return self._asked(brief, bench, prompt, failed.source, failed.parents, diagnostics)

    def _asked(
        self,
        brief: Brief,
        bench: Bench,
        prompt: str,
        given: str,
        parents: list[str],
        diagnostics: str = "",
    ) -> Proposed:
        told = [prompt, brief.text, given, diagnostics, *(each.source for each in brief.known)]
        call = Call(
            model=self.name,
            messages=[Message("user", each) for each in told],
            temperature=None,
            reply_tokens=0,
        )
        kept = self._replies.find(call)
        if kept is None:
            done = self._worked(brief, bench, prompt, given, diagnostics)
            text = msgspec.json.encode(done).decode()
            self._replies.keep(call, Reply(finish=Finish.ENDED, text=text))
        else:
            done = msgspec.json.decode(kept.text, type=_Done)
            _play_again(done, bench)
        bench.charge(done.usage)
        status = "out of time" if done.status is None else f"exit status {done.status}"
        bench.tell(status, output=done.output[-2000:])
        proposals = []
        if done.source is not None:
            words = done.words or done.output.strip()[-2000:]
            proposals.append(
                Proposal(source=done.source, language=bench.language, words=words, parents=parents)
            )
        search = {"ended": status, "looks": len(done.played)}
        return Proposed(proposals, usage=done.usage, search=search)

    def _worked(
        self, brief: Brief, bench: Bench, prompt: str, given: str, diagnostics: str
    ) -> _Done:
        if self._before is not None:
            raise InputError(
                f"{self._before.path}: does not hold what {self.name} did here",
                hint="without --replies the command is run",
            )
        seconds = self._asking.agent_minutes * 60
        place = self._where(bench)
        with (
            scratch(brief, given, bench.language, place.interpreter, diagnostics) as folder,
            open_desk(folder / SOCKET, bench) as desk,
        ):
            ran = place.run(self._command, folder, prompt, seconds=seconds, bench=bench)
            found: Left = left(folder, given, bench.language)
        return _Done(
            source=found.source,
            words=found.words,
            usage=found.usage,
            played=desk.played,
            status=ran.status,
            output=ran.output,
        )

    def _where(self, bench: Bench) -> Place:
        """The place where it runs; the first time, what holds too little there is told."""
        if self._place is None:
            self._place = self._opened()
            if self._place.warning:
                bench.tell(self._place.warning, warning=True)
        return self._place


def _play_again(done: _Done, bench: Bench) -> None:
    """Plays what the agent had played, so that it counts as it did."""
    desk = Desk(bench)
    for asked in done.played:
        try:
            desk.perform(asked)
        except InputError:
            continue

"""The proposer ``command``: any command-line agent that takes a prompt and works in a directory.

It is given a scratch directory with the brief and the history as files, and a ``rheostat`` that
checks, sweeps and profiles on what the round shows. What it leaves in ``candidate.rheo`` (or
``candidate.py``) is put forward. What it did is kept like a model's reply, so a run is replayed
without it.
"""

from collections.abc import Callable

import msgspec

from agents.chat.reply_cache import ChatMessage, FinishReason, ModelCall, ModelReply, ReplyCache
from agents.external_agents.evaluation_server import (
    EvaluationServer,
    ShimRequest,
    serve_evaluations,
)
from agents.external_agents.runners import AgentRunner
from agents.external_agents.working_directory import (
    SOCKET,
    AgentOutput,
    candidate_file,
    open_working_directory,
    read_agent_output,
)
from agents.feedback.brief import Brief
from agents.prompt_templates import TemplateFolder, prompt_language
from agents.proposers import ProposalBatch
from agents.run.directory import RunDirectory
from agents.run.records import ControllerLanguage, ModelOptions, Proposal, ResourceUsage
from agents.search.bench_protocol import Bench
from harness.errors import InputError

_page = TemplateFolder("agents.external_agents")


class _AgentRun(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent came to."""

    source: str | None
    words: str
    usage: ResourceUsage
    played: list[ShimRequest]
    status: int | None
    output: str


class CommandProposer:
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
        asking: ModelOptions,
        before: RunDirectory | None,
        opened: Callable[[], AgentRunner],
    ):
        self.name = f"command:{command}"
        self._command, self._asking, self._before = command, asking, before
        self._opened = opened
        self._place: AgentRunner | None = None
        self._replies = ReplyCache(at, before)

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        """See `agents.proposers.Proposer`."""
        language = bench.language
        fit = [each for each in brief.known if each.language is language]
        best = fit[0] if fit else None
        follows = "schedule" if language is ControllerLanguage.RHEO else "schedule_python"
        knobs = _page("free_knobs" if bench.free_knobs else follows)
        prompt = _page(
            "prompt",
            best=best.name if best else "nothing yet",
            allowance=bench.allowance,
            minutes=f"{self._asking.agent_minutes:g}",
            knobs=knobs,
            language=prompt_language(language).name,
            file=candidate_file(language),
        )
        given = best.source if best else ""
        return self._asked(brief, bench, prompt, given, [best.name] if best else [])

    def repair(
        self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench
    ) -> ProposalBatch:
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
    ) -> ProposalBatch:
        told = [prompt, brief.text, given, diagnostics, *(each.source for each in brief.known)]
        call = ModelCall(
            model=self.name,
            messages=[ChatMessage("user", each) for each in told],
            temperature=None,
            reply_tokens=0,
        )
        kept = self._replies.find(call)
        if kept is None:
            done = self._worked(brief, bench, prompt, given, diagnostics)
            text = msgspec.json.encode(done).decode()
            self._replies.keep(call, ModelReply(finish=FinishReason.ENDED, text=text))
        else:
            done = msgspec.json.decode(kept.text, type=_AgentRun)
            _replay_evaluations(done, bench)
        bench.charge(done.usage)
        status = "out of time" if done.status is None else f"exit status {done.status}"
        bench.report(status, output=done.output[-2000:])
        proposals = []
        if done.source is not None:
            words = done.words or done.output.strip()[-2000:]
            proposals.append(
                Proposal(source=done.source, language=bench.language, words=words, parents=parents)
            )
        search = {"ended": status, "looks": len(done.played)}
        return ProposalBatch(proposals, usage=done.usage, search=search)

    def _worked(
        self, brief: Brief, bench: Bench, prompt: str, given: str, diagnostics: str
    ) -> _AgentRun:
        if self._before is not None:
            raise InputError(
                f"{self._before.path}: does not hold what {self.name} did here",
                hint="without --replies the command is run",
            )
        seconds = self._asking.agent_minutes * 60
        place = self._where(bench)
        with (
            open_working_directory(
                brief, given, bench.language, place.interpreter, diagnostics
            ) as folder,
            serve_evaluations(folder / SOCKET, bench) as desk,
        ):
            ran = place.run(self._command, folder, prompt, seconds=seconds, bench=bench)
            found: AgentOutput = read_agent_output(folder, given, bench.language)
        return _AgentRun(
            source=found.source,
            words=found.reasons,
            usage=found.usage,
            played=desk.played,
            status=ran.status,
            output=ran.output,
        )

    def _where(self, bench: Bench) -> AgentRunner:
        """Return the place where it runs; the first time, what holds too little there is told."""
        if self._place is None:
            self._place = self._opened()
            if self._place.warning:
                bench.report(self._place.warning, warning=True)
        return self._place


def _replay_evaluations(done: _AgentRun, bench: Bench) -> None:
    """Plays what the agent had played, so that it counts as it did."""
    desk = EvaluationServer(bench)
    for asked in done.played:
        try:
            desk.perform(asked)
        except InputError:
            continue

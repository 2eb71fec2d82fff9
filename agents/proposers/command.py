"""The proposer ``command``: any command-line agent that takes a prompt and works in a directory.

Its working directory contains the brief and the history as files, and a ``rheostat`` command that
checks, sweeps and profiles on the shown part of the search set. The program that it writes to
``candidate.rheo`` (or ``candidate.py``) is submitted. Its outcome is stored like a model's reply,
so that a run is replayed without the agent.
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
    """Outcome of a run of the agent, as it is stored."""

    source: str | None
    words: str
    usage: ResourceUsage
    played: list[ShimRequest]
    status: int | None
    output: str


class CommandProposer:
    """Proposer ``command``; see the module docstring.

    Args:
        command: Command line, as in a shell.
        run: Run directory, which stores the outcomes of the agent.
        options: Options of the run, with the time limit of the agent.
        before: Another run, whose stored outcomes are used instead of the agent.
        open_runner: Opens the runner of the agent, called when it is first needed.
    """

    def __init__(
        self,
        command: str,
        run: RunDirectory,
        options: ModelOptions,
        before: RunDirectory | None,
        open_runner: Callable[[], AgentRunner],
    ):
        self.name = f"command:{command}"
        self._command, self._options, self._before = command, options, before
        self._open_runner = open_runner
        self._runner: AgentRunner | None = None
        self._replies = ReplyCache(run, before)

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        """See `agents.proposers.Proposer`."""
        language = bench.language
        fit = [program for program in brief.known if program.language is language]
        best = fit[0] if fit else None
        follows = "schedule" if language is ControllerLanguage.RHEO else "schedule_python"
        knobs = _page("free_knobs" if bench.free_knobs else follows)
        prompt = _page(
            "prompt",
            best=best.name if best else "nothing yet",
            allowance=bench.allowance,
            minutes=f"{self._options.agent_minutes:g}",
            knobs=knobs,
            language=prompt_language(language).name,
            file=candidate_file(language),
        )
        source = best.source if best else ""
        return self._run_or_replay(brief, bench, prompt, source, [best.name] if best else [])

    def repair(
        self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench
    ) -> ProposalBatch:
        """Run the agent to repair one program.

        Args:
            brief: Brief of the round.
            failed: The program that did not check.
            diagnostics: The checker's messages.
            bench: Bench of the round.
        """
        minutes = f"{self._options.agent_minutes:g}"
        prompt = _page("repair", minutes=minutes, file=candidate_file(bench.language))
        return self._run_or_replay(brief, bench, prompt, failed.source, failed.parents, diagnostics)

    def _run_or_replay(
        self,
        brief: Brief,
        bench: Bench,
        prompt: str,
        source: str,
        parents: list[str],
        diagnostics: str = "",
    ) -> ProposalBatch:
        texts = [
            prompt,
            brief.text,
            source,
            diagnostics,
            *(program.source for program in brief.known),
        ]
        call = ModelCall(
            model=self.name,
            messages=[ChatMessage("user", text) for text in texts],
            temperature=None,
            reply_tokens=0,
        )
        reply = self._replies.find(call)
        if reply is None:
            agent_run = self._run_agent(brief, bench, prompt, source, diagnostics)
            text = msgspec.json.encode(agent_run).decode()
            self._replies.keep(call, ModelReply(finish=FinishReason.ENDED, text=text))
        else:
            agent_run = msgspec.json.decode(reply.text, type=_AgentRun)
            _replay_evaluations(agent_run, bench)
        bench.charge(agent_run.usage)
        status = "out of time" if agent_run.status is None else f"exit status {agent_run.status}"
        bench.report(status, output=agent_run.output[-2000:])
        proposals = []
        if agent_run.source is not None:
            rationale = agent_run.words or agent_run.output.strip()[-2000:]
            proposals.append(
                Proposal(
                    source=agent_run.source,
                    language=bench.language,
                    words=rationale,
                    parents=parents,
                )
            )
        search = {"ended": status, "evaluations": len(agent_run.played)}
        return ProposalBatch(proposals, usage=agent_run.usage, search=search)

    def _run_agent(
        self, brief: Brief, bench: Bench, prompt: str, source: str, diagnostics: str
    ) -> _AgentRun:
        if self._before is not None:
            raise InputError(
                f"{self._before.path}: does not contain the work of {self.name} for this round",
                hint="omit --replies to run the command",
            )
        seconds = self._options.agent_minutes * 60
        runner = self._get_runner(bench)
        with (
            open_working_directory(
                brief, source, bench.language, runner.interpreter, diagnostics
            ) as folder,
            serve_evaluations(folder / SOCKET, bench) as server,
        ):
            outcome = runner.run(self._command, folder, prompt, seconds=seconds, bench=bench)
            output: AgentOutput = read_agent_output(folder, source, bench.language)
        return _AgentRun(
            source=output.source,
            words=output.reasons,
            usage=output.usage,
            played=server.played,
            status=outcome.status,
            output=outcome.output,
        )

    def _get_runner(self, bench: Bench) -> AgentRunner:
        """Return the runner of the agent; report its warning when it is first opened."""
        if self._runner is None:
            self._runner = self._open_runner()
            if self._runner.warning:
                bench.report(self._runner.warning, warning=True)
        return self._runner


def _replay_evaluations(agent_run: _AgentRun, bench: Bench) -> None:
    """Repeat the evaluations of a stored run, so that they count as before."""
    server = EvaluationServer(bench)
    for request in agent_run.played:
        try:
            server.perform(request)
        except InputError:
            continue

"""The proposer ``command``: the published agent, run as a command-line agent.

The agent gets a working directory with the brief and the task; the task is also its standard input.
The allocations that it leaves in ``trials.rheo`` are suggested, and ``guidelines.md`` is a list.
Its output is stored like a model's reply, so a run is replayed without it.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from agents.allocation.briefing import format_bench_history
from agents.allocation.proposers import SuggestionBatch, TrialBench
from agents.allocation.proposers.model_output import (
    decode_guidelines,
    encode_guidelines,
    format_task,
    parse_trials,
    suggest_first_trials,
)
from agents.chat.reply_cache import ChatMessage, FinishReason, ModelCall, ModelReply, ReplyCache
from agents.external_agents.runners import select_runner
from agents.external_agents.working_directory import read_plain_file
from agents.proposers.registry import ProposerResources
from harness.errors import InputError

MAX_FILE_BYTES = 100_000
"""Maximum bytes read of each output file."""


class CommandTrialProposer:
    """Proposer ``command``; see the module docstring.

    Args:
        command: Shell command line.
        resources: Run directory for its output, its time limit, and its container settings.
    """

    def __init__(self, command: str, resources: ProposerResources):
        self.name = f"command:{command}"
        self._command, self._options, self._before = (
            command,
            resources.model_options,
            resources.before,
        )
        self._settings = resources.agent
        self._replies = ReplyCache(resources.run, resources.before)

    def suggest(self, bench: TrialBench) -> SuggestionBatch:
        """See `agents.allocation.proposers.TrialProposer`."""
        opening = suggest_first_trials(bench)
        if opening is not None:
            return opening
        guidelines = decode_guidelines(bench.state)
        brief = format_bench_history(bench, guidelines)
        prompt = (
            f"{format_task(bench)}\n\nWrite the allocations into trials.rheo, and"
            " the guidelines into"
        )
        prompt += " guidelines.md. The trials so far are in brief.md.\n"
        call = ModelCall(
            model=self.name,
            messages=[ChatMessage("user", prompt), ChatMessage("user", brief)],
            temperature=None,
            reply_tokens=0,
            number=len(bench.trials),
        )
        reply = self._replies.find(call)
        if reply is None:
            reply = self._run_agent(bench, prompt, brief)
            self._replies.keep(call, reply)
        parsed = parse_trials(reply.text, bench)
        lines = parsed.guidelines or guidelines
        return SuggestionBatch(
            parsed.trials[: bench.most],
            guidelines=lines,
            search={"ended": reply.problem, "dropped": parsed.dropped},
            state=encode_guidelines(lines),
        )

    def _run_agent(self, bench: TrialBench, prompt: str, brief: str) -> ModelReply:
        if self._before is not None:
            raise InputError(
                f"{self._before.path}: does not contain the work of {self.name} for this round",
                hint="omit --replies to run the command",
            )
        seconds = self._options.agent_minutes * 60
        runner = select_runner(self._options, self._settings)
        with TemporaryDirectory(prefix="rheostat-") as temporary:
            folder = Path(temporary)
            (folder / "brief.md").write_text(brief, encoding="utf-8")
            outcome = runner.run(self._command, folder, prompt, seconds=seconds, bench=bench)
            guidelines = read_plain_file(folder / "guidelines.md", MAX_FILE_BYTES) or ""
            trials = read_plain_file(folder / "trials.rheo", MAX_FILE_BYTES) or ""
        status = "out of time" if outcome.status is None else f"exit status {outcome.status}"
        bench.report(status, output=outcome.output[-2000:])
        text = f"Guidelines\n\n{guidelines}\n\n```rheo\n{trials}\n```\n"
        return ModelReply(finish=FinishReason.ENDED, text=text, problem=status)

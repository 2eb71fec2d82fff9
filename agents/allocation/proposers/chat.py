"""The proposer ``chat``: the published agent, with a language model.

After the first trials, which follow a rule, the model reads the trials and its last guidelines in
every round, writes new guidelines, and proposes a batch of trials.
"""

from agents.allocation.briefing import format_bench_history
from agents.allocation.proposers import SuggestionBatch, TrialBench
from agents.allocation.proposers.model_output import (
    ParsedTrials,
    decode_guidelines,
    encode_guidelines,
    format_task,
    parse_trials,
    render_template,
    suggest_first_trials,
)
from agents.chat.client import ModelClient
from agents.chat.reply_cache import ChatMessage, FinishReason, ModelCall
from agents.proposers.registry import ProposerResources, build_model_client, parse_model_name

MAX_REPLIES = 3
"""Maximum replies in a round, until one holds a trial."""


class ChatTrialProposer:
    """Proposer ``chat``; see the module docstring.

    Args:
        client: The model, with its options and its reply cache.
    """

    def __init__(self, client: ModelClient):
        self.name = client.name
        self._client = client

    def suggest(self, bench: TrialBench) -> SuggestionBatch:
        """See `agents.allocation.proposers.TrialProposer`."""
        opening = suggest_first_trials(bench)
        if opening is not None:
            return opening
        asker = self._client.caller(bench)
        guidelines = decode_guidelines(bench.state)
        prompt = f"{format_bench_history(bench, guidelines)}\n{format_task(bench)}\n"
        messages = [ChatMessage("system", render_template("system")), ChatMessage("user", prompt)]
        parsed = ParsedTrials(guidelines, [], [])
        for attempt in range(MAX_REPLIES):
            [reply] = asker.ask([self._call(messages, len(bench.trials), attempt)])
            if reply is None:
                break
            parsed = (
                parse_trials(reply.text, bench)
                if reply.finish is not FinishReason.FAILED
                else parsed
            )
            if parsed.trials:
                break
            if reply.text.strip():
                problems = "\n".join(parsed.dropped) or "Your reply contains no allocation."
                messages += [
                    ChatMessage("assistant", reply.text[:4000]),
                    ChatMessage(
                        "user", f"None of these can be tried.\n\n{problems}\n\n{format_task(bench)}"
                    ),
                ]
        asker.require_reply(self.name)
        asker.conclude()
        latest = parsed.guidelines or guidelines
        return SuggestionBatch(
            parsed.trials[: bench.most],
            guidelines=latest,
            usage=asker.usage,
            search={"calls": asker.calls, "dropped": parsed.dropped},
            state=encode_guidelines(latest),
        )

    def _call(self, messages: list[ChatMessage], number: int, attempt: int) -> ModelCall:
        return self._client.call(
            messages,
            temperature=self._client.temperature(attempt),
            number=number,
            attempt=attempt,
        )


def build_chat_proposer(name: str, resources: ProposerResources) -> ChatTrialProposer:
    """Return the proposer of a name ``chat:PROVIDER:MODEL``."""
    return ChatTrialProposer(build_model_client(parse_model_name(name), resources))

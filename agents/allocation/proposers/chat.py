"""The proposer ``chat``: the published agent, played by a language model.

After the first trials, which follow a rule, it is told the trials and its last guidelines in every
round, writes new guidelines, and proposes a batch of trials from both.
"""

from collections.abc import Callable

from agents.allocation.briefing import format_trial_history
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
from agents.chat.caller import ModelCaller
from agents.chat.models import LanguageModel
from agents.chat.reply_cache import ChatMessage, FinishReason, ModelCall, ReplyCache
from agents.chat.settings import Price
from agents.proposers.registry import ProposerResources, make_model_opener, parse_model_name
from agents.run.records import ModelOptions
from harness.errors import ExternalError

MAX_REPLIES = 3
"""Replies that a round may take, until one holds a trial."""


class ChatTrialProposer:
    """See the module.

    Args:
        model: ``PROVIDER:MODEL``.
        opened: makes the model, when a call is first made.
        price: of its tokens.
        replies: those of the run.
        asking: how it is asked.
    """

    def __init__(
        self,
        model: str,
        opened: Callable[[], LanguageModel],
        price: Price,
        replies: ReplyCache,
        asking: ModelOptions,
    ):
        self.name = f"chat:{model}"
        self._model, self._opened, self._price = model, opened, price
        self._replies, self._asking = replies, asking

    def suggest(self, bench: TrialBench) -> SuggestionBatch:
        """See `agents.allocation.proposers.TrialProposer`."""
        opening = suggest_first_trials(bench)
        if opening is not None:
            return opening
        asker = ModelCaller(self._opened, self._price, self._replies, bench)
        guidelines = decode_guidelines(bench.state)
        told = (
            f"{format_trial_history(bench.space, bench.seen, guidelines)}\n{format_task(bench)}\n"
        )
        messages = [ChatMessage("system", render_template("system")), ChatMessage("user", told)]
        found = ParsedTrials(guidelines, [], [])
        for attempt in range(MAX_REPLIES):
            [reply] = asker.ask([self._call(messages, len(bench.seen), attempt)])
            if reply is None:
                break
            found = (
                parse_trials(reply.text, bench)
                if reply.finish is not FinishReason.FAILED
                else found
            )
            if found.trials:
                break
            if reply.text.strip():
                problems = "\n".join(found.dropped) or "There is no allocation in your reply."
                messages += [
                    ChatMessage("assistant", reply.text[:4000]),
                    ChatMessage(
                        "user", f"Nothing of it can be tried.\n\n{problems}\n\n{format_task(bench)}"
                    ),
                ]
        if problem := asker.only_failed:
            raise ExternalError(
                f"{self.name}: {asker.calls} calls, and no reply to any: {problem}",
                hint="the run goes on with --resume, once that is mended",
            )
        asker.conclude()
        kept = found.guidelines or guidelines
        return SuggestionBatch(
            found.trials[: bench.most],
            guidelines=kept,
            usage=asker.usage,
            search={"calls": asker.calls, "dropped": found.dropped},
            state=encode_guidelines(kept),
        )

    def _call(self, messages: list[ChatMessage], number: int, attempt: int) -> ModelCall:
        temperatures = self._asking.temperatures
        return ModelCall(
            model=self._model,
            messages=list(messages),
            temperature=temperatures[attempt % len(temperatures)],
            reply_tokens=self._asking.reply_tokens,
            number=number,
            attempt=attempt,
        )


def build_chat_proposer(name: str, means: ProposerResources) -> ChatTrialProposer:
    """The proposer of a name ``chat:PROVIDER:MODEL``."""
    model = parse_model_name(name)
    is_own_server = means.asking.base_url is not None
    price = Price(model, means.settings.prices, is_own_server=is_own_server)
    replies = ReplyCache(means.run, means.before)
    return ChatTrialProposer(model, make_model_opener(model, means), price, replies, means.asking)

"""Client of a language model: calls within the spend limit, concurrent and cached."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from agents.chat.models import LanguageModel, estimate_prompt_tokens
from agents.chat.reply_cache import ChatMessage, FinishReason, ModelCall, ModelReply, ReplyCache
from agents.chat.settings import Price
from agents.run.budget_guard import BudgetGuard
from agents.run.records import ModelOptions, ResourceUsage
from harness.errors import ExternalError
from harness.request.option_names import name_option

MAX_CONCURRENT_CALLS = 8
"""Maximum concurrent calls."""


class ModelCaller:
    """Call one model in one slot.

    Args:
        model: Factory of the model, used at the first call.
        price: Price of its tokens.
        replies: Reply cache of the run.
        bench: Bench of the slot.
    """

    def __init__(
        self,
        model: Callable[[], LanguageModel],
        price: Price,
        replies: ReplyCache,
        bench: BudgetGuard,
    ):
        self._model, self._price, self._replies, self._bench = model, price, replies, bench
        self._failed: list[tuple[ModelCall, ModelReply]] = []
        self.usage = ResourceUsage()
        """Cost of all replies."""
        self.calls = 0
        """Number of replies, of any kind."""

    def ask(self, calls: Sequence[ModelCall]) -> list[ModelReply | None]:
        """Make calls; the reply is ``None`` for a call that a cap did not allow.

        Raises:
            ExternalError: No call can succeed.
            KeyboardInterrupt: An interrupt was requested.
        """
        reserved, allowed = ResourceUsage(), 0
        for call in calls:
            reserved += self._most(call)
            if self._bench.is_out_of_time() or not self._bench.affords(reserved):
                break
            allowed += 1
        replies = self._answers(calls[:allowed])
        for call, reply in zip(calls, replies, strict=False):
            used = ResourceUsage(
                tokens_in=reply.tokens_in, tokens_out=reply.tokens_out, usd=reply.usd
            )
            self._bench.charge(used)
            self.usage += used
            self.calls += 1
            self._bench.report(
                "replied", finish=reply.finish.value, problem=reply.problem, reply=call.key
            )
        return [*replies, *[None] * (len(calls) - allowed)]

    @property
    def only_failed(self) -> str:
        """Return why all calls so far failed; empty if one succeeded or none was made."""
        if not self.calls or len(self._failed) < self.calls:
            return ""
        return self._failed[-1][1].problem

    def require_reply(self, name: str) -> None:
        """Check that not every call so far failed.

        Args:
            name: Name of the proposer, for the message.

        Raises:
            ExternalError: There were calls, and all of them failed.
        """
        if problem := self.only_failed:
            raise ExternalError(
                f"{name}: {self.calls} calls without any reply: {problem}",
                hint=f"fix this, then continue the run with {name_option('resume')}",
            )

    def conclude(self) -> None:
        """Store failed calls as replies once they have cost a try, so they are not repeated."""
        for call, reply in self._failed:
            self._replies.keep(call, reply)

    def _most(self, call: ModelCall) -> ResourceUsage:
        """Return the maximum cost of a call."""
        tokens_in = estimate_prompt_tokens(call.messages)
        usd = self._price.usd(tokens_in, call.reply_tokens)
        return ResourceUsage(tokens_in=tokens_in, tokens_out=call.reply_tokens, usd=usd)

    def _answers(self, calls: Sequence[ModelCall]) -> list[ModelReply]:
        cached = {call.key: self._replies.find(call) for call in calls}
        replies_by_key = {key: reply for key, reply in cached.items() if reply is not None}
        missing = [call for call in calls if call.key not in replies_by_key]
        if missing:
            model = self._model()

            def answer(call: ModelCall) -> ModelReply:
                reply = model.reply(call, self._bench.check_interrupt)
                if reply.finish is not FinishReason.FAILED:
                    self._replies.keep(call, reply)
                return reply

            with ThreadPoolExecutor(min(MAX_CONCURRENT_CALLS, len(missing))) as pool:
                for call, reply in zip(missing, pool.map(answer, missing), strict=True):
                    replies_by_key[call.key] = reply
        replies = [replies_by_key[call.key] for call in calls]
        self._failed += [
            (call, reply)
            for call, reply in zip(calls, replies, strict=True)
            if reply.finish is FinishReason.FAILED
        ]
        return replies


class ModelClient(NamedTuple):
    """Client of a language model, shared by the proposers that call it."""

    model: str
    """``PROVIDER:MODEL``."""
    open_model: Callable[[], LanguageModel]
    """Factory of the model, used at the first call."""
    price: Price
    """Price of its tokens."""
    replies: ReplyCache
    """Reply cache of the run."""
    options: ModelOptions
    """Options of the calls."""

    @property
    def name(self) -> str:
        """Name of a proposer that calls this model."""
        return f"chat:{self.model}"

    def caller(self, bench: BudgetGuard) -> ModelCaller:
        """Return the caller for one round."""
        return ModelCaller(self.open_model, self.price, self.replies, bench)

    def temperature(self, number: int) -> float | None:
        """Return the temperature of a call; calls cycle through those of the options."""
        return self.options.temperatures[number % len(self.options.temperatures)]

    def call(
        self,
        messages: Sequence[ChatMessage],
        *,
        temperature: float | None,
        number: int,
        attempt: int,
        grammar: str = "",
    ) -> ModelCall:
        """Describe one call.

        Args:
            messages: The conversation so far.
            temperature: Sampling temperature; ``None`` for the model's default.
            number: Distinguishes conversations with the same messages.
            attempt: Number of earlier replies in the conversation.
            grammar: The grammar that the reply must follow; empty for none.
        """
        return ModelCall(
            model=self.model,
            messages=list(messages),
            temperature=temperature,
            reply_tokens=self.options.reply_tokens,
            grammar=grammar,
            number=number,
            attempt=attempt,
        )

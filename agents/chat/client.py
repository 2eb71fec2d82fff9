"""A language model as a run calls it: how it is opened, priced, cached and asked."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from agents.chat.caller import ModelCaller
from agents.chat.models import LanguageModel
from agents.chat.reply_cache import ChatMessage, ModelCall, ReplyCache
from agents.chat.settings import Price
from agents.run.budget_guard import BudgetGuard
from agents.run.records import ModelOptions


class ModelClient(NamedTuple):
    """What the proposers that ask a language model share."""

    model: str
    """``PROVIDER:MODEL``."""
    opened: Callable[[], LanguageModel]
    """Makes the model, when a call is first made."""
    price: Price
    """Of its tokens."""
    replies: ReplyCache
    """Those of the run."""
    options: ModelOptions
    """How it is asked."""

    @property
    def name(self) -> str:
        """The name of a proposer that asks this model."""
        return f"chat:{self.model}"

    def caller(self, bench: BudgetGuard) -> ModelCaller:
        """Return what makes the calls of one round."""
        return ModelCaller(self.opened, self.price, self.replies, bench)

    def temperature(self, number: int) -> float | None:
        """Return the temperature of a call: the temperatures of the options take turns."""
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
            messages: the conversation so far.
            temperature: of the reply.
            number: distinguishes conversations with the same messages.
            attempt: counts the replies of a conversation, from 0.
            grammar: the grammar that the reply must follow, if any.
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

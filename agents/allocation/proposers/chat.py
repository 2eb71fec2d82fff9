"""The proposer ``chat``: the published agent, played by a language model.

After the first trials, which follow a rule, it is told the trials and its last guidelines in every
round, writes new guidelines, and proposes a batch of trials from both.
"""

from collections.abc import Callable

from agents.allocation.briefing import seen_text
from agents.allocation.keeping import last_guidelines, with_guidelines
from agents.allocation.proposers import Suggestions, TrialBench
from agents.allocation.proposers.written import Written, first_trials, page, read, task
from agents.chat.asking import Asker
from agents.chat.models import Model
from agents.chat.prices import Price
from agents.chat.replies import Call, Finish, Message, Replies
from agents.proposers.choose import Means, model_of, opener
from agents.run.records import Asking
from harness.errors import SurroundingsError

TRIES = 3
"""Replies that a round may take, until one holds a trial."""


class Chat:
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
        opened: Callable[[], Model],
        price: Price,
        replies: Replies,
        asking: Asking,
    ):
        self.name = f"chat:{model}"
        self._model, self._opened, self._price = model, opened, price
        self._replies, self._asking = replies, asking

    def suggest(self, bench: TrialBench) -> Suggestions:
        """See `agents.allocation.proposers.TrialProposer`."""
        opening = first_trials(bench)
        if opening is not None:
            return opening
        asker = Asker(self._opened, self._price, self._replies, bench)
        guidelines = last_guidelines(bench.state)
        told = f"{seen_text(bench.space, bench.seen, guidelines)}\n{task(bench)}\n"
        messages = [Message("system", page("system")), Message("user", told)]
        found = Written(guidelines, [], [])
        for attempt in range(TRIES):
            [reply] = asker.ask([self._call(messages, len(bench.seen), attempt)])
            if reply is None:
                break
            found = read(reply.text, bench) if reply.finish is not Finish.FAILED else found
            if found.trials:
                break
            if reply.text.strip():
                problems = "\n".join(found.dropped) or "There is no allocation in your reply."
                messages += [
                    Message("assistant", reply.text[:4000]),
                    Message("user", f"Nothing of it can be tried.\n\n{problems}\n\n{task(bench)}"),
                ]
        if problem := asker.only_failed:
            raise SurroundingsError(
                f"{self.name}: {asker.calls} calls, and no reply to any: {problem}",
                hint="the run goes on with --resume, once that is mended",
            )
        asker.conclude()
        kept = found.guidelines or guidelines
        return Suggestions(
            found.trials[: bench.most],
            guidelines=kept,
            usage=asker.usage,
            search={"calls": asker.calls, "dropped": found.dropped},
            state=with_guidelines(kept),
        )

    def _call(self, messages: list[Message], number: int, attempt: int) -> Call:
        temperatures = self._asking.temperatures
        return Call(
            model=self._model,
            messages=list(messages),
            temperature=temperatures[attempt % len(temperatures)],
            reply_tokens=self._asking.reply_tokens,
            number=number,
            attempt=attempt,
        )


def asked_model(name: str, means: Means) -> Chat:
    """The proposer of a name ``chat:PROVIDER:MODEL``."""
    model = model_of(name)
    is_own_server = means.asking.base_url is not None
    price = Price(model, means.settings.prices, is_own_server=is_own_server)
    replies = Replies(means.run, means.before)
    return Chat(model, opener(model, means), price, replies, means.asking)

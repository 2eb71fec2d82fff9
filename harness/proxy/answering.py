"""One request answered: its episode played, and the text of a branch that holds the answer."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from dsl.episode import Status
from harness.engines import Rules, Setting
from harness.live.episode import Which
from harness.live.model import Model, Posed
from harness.live.running import Ended, Errand, Lived, Playing
from harness.mdp.trace import ActionKind
from harness.proxy.chat import Chat, drawn_by
from harness.proxy.rejections import Rejected
from harness.request.configured import Configured, Plan, planned
from store.collection.forcing import Forcing
from store.serving.engine import Served


class Answer(NamedTuple):
    """What a client gets."""

    content: str
    reasoning: str | None
    """What stands before the end of the thinking; ``None`` for a model that does not think apart.
    """
    finish: str
    """``stop``, or ``length`` where the branch was cut off at its bound."""
    prompt_tokens: int
    completion_tokens: int
    """All that was generated: on every branch, and by every probe."""
    hidden_tokens: int
    """Those of them that are not of the branch whose text is shown."""
    answer: str | None
    """The answer that won."""
    plan: Plan
    """The controller, at what the client asked for."""
    lived: Lived


class Terms(NamedTuple):
    """What holds for every request."""

    served: Served
    limit: int
    """N, the most branches of an episode."""
    instruction: str
    """Put behind the last message of the user; empty for none."""


class Answering:
    """Answers requests.

    Args:
        plan: the controller, at the β of those who do not say one.
        model: what draws.
        terms: what holds for every request.
        playing: plays the episodes.
    """

    def __init__(self, plan: Plan, model: Model, terms: Terms, playing: Playing):
        self._plan = plan
        self._model = model
        self._terms = terms
        self._playing = playing

    async def answer(self, chat: Chat, name: str) -> Answer:
        """Plays an episode and picks the text.

        Args:
            chat: what is asked.
            name: the trace's, which enters the seeds where the client gives none.

        Raises:
            Rejected: the conversation does not fit the model's context.
            ServingError: the model's server does not play its part.
            InputError, Inadmissible: the controller failed.
        """
        settings = self._model.settings
        drawing = drawn_by(settings.drawing, chat)
        model = self._model.by(msgspec.structs.replace(settings, drawing=drawing))
        # The first branch's place is as good as any to be asked for tokens.
        engine = model.place().engine
        messages = instructed(chat.messages, self._terms.instruction)
        prompt = await engine.tokenize_chat(messages, settings.template)
        self._refuse_too_long(len(prompt), model)
        posed = Posed(_name(chat, prompt, name), prompt, settings.probing)
        plan = self.plan(chat)
        ended = await self._playing.play(Errand(plan, model, posed, self._terms.limit, Which(0, 0)))
        return await _picked(plan, ended, settings.forcing, len(prompt))

    def plan(self, chat: Chat) -> Plan:
        """The controller at what the client asks for."""
        plan = self._plan
        beta = plan.beta if chat.beta is None or plan.beta is None else chat.beta
        budget = plan.rules.budget if chat.budget is None else chat.budget
        rules = Rules(budget, plan.rules.probe_cost)
        knobs = plan.chosen if isinstance(plan, Configured) else {}
        return planned(plan.program, Setting(beta, knobs), rules)

    def _refuse_too_long(self, prompt: int, model: Model) -> None:
        probing = len(model.forced.both) + model.settings.probing.max_tokens
        longest = model.settings.drawing.max_tokens
        if prompt + longest + probing > self._terms.served.context:
            raise Rejected(
                400,
                f"the messages have {prompt} tokens; with {longest} for a branch and {probing} for"
                f" a probe they do not fit the context of {self._terms.served.context}",
                param="messages",
                code="context_length_exceeded",
            )


def instructed(messages: Sequence[dict[str, str]], instruction: str) -> list[dict[str, str]]:
    """A conversation with the instruction behind the user's last message."""
    found = list(messages)
    for at in range(len(found) - 1, -1, -1):
        if instruction and found[at]["role"] == "user":
            found[at] = found[at] | {"content": f"{found[at]['content']}\n\n{instruction}"}
            break
    return found


def _name(chat: Chat, prompt: Sequence[int], name: str) -> str:
    """What enters the seeds: of the same seed and conversation come the same branches."""
    if chat.seed is None:
        return name
    told = msgspec.msgpack.encode((chat.seed, list(prompt)))
    return f"seed-{blake2b(told, digest_size=8).hexdigest()}"


async def _picked(plan: Plan, ended: Ended, forcing: Forcing, prompt: int) -> Answer:
    lived, branches = ended
    at, text, finish = await _text(ended, forcing)
    reasoning, content = _parted(text, forcing)
    opened = branches[: len(lived.episode.branches)]
    generated = sum(len(each.token_ids) for each in opened) + lived.probe_tokens
    return Answer(
        content=content,
        reasoning=reasoning,
        finish=finish,
        prompt_tokens=prompt,
        completion_tokens=generated,
        hidden_tokens=generated - len(branches[at].token_ids),
        answer=lived.episode.answer,
        plan=plan,
        lived=lived,
    )


async def _text(ended: Ended, forcing: Forcing) -> tuple[int, str, str]:
    """The branch that is shown, its text, and how it ended."""
    lived, branches = ended
    episode = lived.episode
    holding = [each for each in episode.branches if each.answer == episode.answer]
    finished = [each.branch for each in holding if each.status is Status.FINISHED]
    if episode.answer is None:
        finished = [each.branch for each in episode.branches if each.status is Status.FINISHED]
    if finished:
        branch = branches[finished[0]]
        return finished[0], branch.text or "", branch.finish or "stop"
    for barrier in reversed(episode.barriers):
        for action in barrier.actions:
            named = action.answer == episode.answer or episode.answer is None
            if action.kind is ActionKind.PROBE and action.branch is not None and named:
                text = await branches[action.branch].forced_words(action.depth)
                return action.branch, _closed(text, forcing), "stop"
    raise Rejected(500, "the controller answers without a branch to show", kind="api_error")


def _closed(text: str, forcing: Forcing) -> str:
    """A forced answer whose box the model left open is closed."""
    said = text[text.rfind(forcing.ask) :] if forcing.ask else ""
    return text + "}" * max(0, said.count("{") - said.count("}"))


def _parted(text: str, forcing: Forcing) -> tuple[str | None, str]:
    """The thinking, and what stands behind its end."""
    if not forcing.mark:
        return None, text
    before, found, after = text.rpartition(forcing.mark)
    # Cut off while it thought, it has said nothing but its thoughts.
    return (before, after.lstrip("\n")) if found else (text, "")

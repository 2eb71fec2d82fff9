"""Answer one request: play its episode, and choose the text of a branch with the answer."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from dsl.episode import Inadmissible, Status
from harness.engines import ControllerSetting, EpisodeRules
from harness.errors import RheostatError
from harness.live.episode import LiveEpisodeKey
from harness.live.model import LiveModel, PosedQuestion
from harness.live.runner import FinishedEpisode, LiveEpisodeRequest, LivePlayer, LiveResult
from harness.mdp.ledger import ActionKind
from harness.proxy.chat_request import ChatRequest, Stopping, override_drawing
from harness.proxy.rejections import Rejection
from harness.request.plan import Plan, RheoPlan, make_plan
from store.collection.context import count_truth_tokens
from store.collection.families import is_closed, make_closed_forcing
from store.collection.questions import tokenise_forcing
from store.forcing import Forcing
from store.serving.engine import Engine, Served
from store.serving.errors import Refused


class ProxyAnswer(NamedTuple):
    """The answer for a client."""

    content: str
    reasoning: str | None
    """The text before the end of the thinking; ``None`` for a model without separate thinking."""
    finish: str
    """``stop``, or ``length`` if the branch was cut off at its limit."""
    prompt_tokens: int
    completion_tokens: int
    """All generated tokens: of every branch and every probe."""
    hidden_tokens: int
    """Generated tokens outside the branch whose text is shown."""
    answer: str | None
    """The winning answer."""
    warnings: list[str]
    """Warnings about the client's request."""
    plan: Plan
    """The controller at the client's setting."""
    live_result: LiveResult


class ResponderConfig(NamedTuple):
    """Settings of every request."""

    served: Served
    limit: int
    """N, the most branches of an episode."""
    instruction: str
    """Appended to the user's last message; empty for none."""
    forcing: Forcing
    """The forced texts of a model that thinks."""


class Responder:
    """Answer requests.

    Args:
        plan: The controller, at the default β.
        model: The model that generates branches.
        config: Settings of every request.
        player: Plays the episodes.
    """

    def __init__(self, plan: Plan, model: LiveModel, config: ResponderConfig, player: LivePlayer):
        self._plan = plan
        self._model = model
        self._config = config
        self._player = player

    async def answer(self, chat: ChatRequest, name: str) -> ProxyAnswer:
        """Play an episode and choose the text.

        Args:
            chat: The request.
            name: The name of the trace, which enters the seeds if the client sets none.

        Raises:
            Rejection: The conversation does not fit the model's context or its template, or the
                budget affords no branch.
            ServingError: The model's server failed.
            InputError: The controller failed.
            Inadmissible: The controller failed.
        """
        settings = self._model.settings
        drawing = override_drawing(settings.drawing, chat)
        model = self._model.by(msgspec.structs.replace(settings, drawing=drawing))
        # Any server can tokenise; use that of the first branch.
        engine = model.next_endpoint().engine
        prompt = await self._prompt(chat, engine)
        if chat.template:
            model = await self._thinking_as(prompt, model, engine)
        self._refuse_too_long(len(prompt), model)
        posed = PosedQuestion(_name(chat, prompt, name), prompt, settings.probing)
        plan = self.plan(chat)
        episode_request = LiveEpisodeRequest(
            plan, model, posed, self._config.limit, LiveEpisodeKey(0, 0)
        )
        ended = await self._play_episode(episode_request, chat)
        answer = await _pick_branch(plan, ended, model.settings.forcing, len(prompt))
        return _stopped(answer, chat.stopping)._replace(warnings=self._warnings(model))

    async def _prompt(self, chat: ChatRequest, engine: Engine) -> list[int]:
        """Return a conversation in tokens.

        Raises:
            Rejection: The model's template does not accept it.
        """
        messages = add_instruction(chat.messages, self._config.instruction)
        template = {**self._model.settings.template, **chat.template}
        try:
            return await engine.tokenize_chat(messages, template)
        except Refused as refusal:
            problem = f"the model's chat template rejects this: {refusal.problem}"
            raise Rejection(400, problem, param="messages") from refusal

    async def _thinking_as(self, prompt: list[int], model: LiveModel, engine: Engine) -> LiveModel:
        """Return the model with forced texts for a client's template that toggles thinking.

        Args:
            prompt: The conversation in tokens.
            model: The model without the client's arguments.
            engine: Detokenises the prompt.
        """
        forcing = self._config.forcing
        if await is_closed(engine, prompt, forcing):
            forcing = make_closed_forcing(forcing)
        if forcing == model.settings.forcing:
            return model
        settings = msgspec.structs.replace(model.settings, forcing=forcing)
        return model.by(settings, await tokenise_forcing(engine, forcing))

    async def _play_episode(
        self, episode_request: LiveEpisodeRequest, chat: ChatRequest
    ) -> FinishedEpisode:
        """Play an episode.

        Raises:
            Rejection: The budget affords no branch.
        """
        budget, interval = (
            episode_request.plan.rules.budget,
            episode_request.model.settings.drawing.interval,
        )
        own = chat.budget is None
        try:
            ended = await self._player.play(episode_request)
        except (RheostatError, Inadmissible) as problem:
            if budget is not None and budget < interval:
                raise _too_low(budget, interval, own=own) from problem
            raise
        if budget is not None and not ended.live_result.episode.branches:
            raise _too_low(budget, interval, own=own)
        return ended

    def _warnings(self, model: LiveModel) -> list[str]:
        if model.settings.drawing.temperature > 0 or self._config.limit == 1:
            return []
        return ["at temperature 0 all branches are the same, and a vote among them decides nothing"]

    def plan(self, chat: ChatRequest) -> Plan:
        """Return the controller at the client's setting."""
        plan = self._plan
        beta = plan.beta if chat.beta is None or plan.beta is None else chat.beta
        budget = plan.rules.budget if chat.budget is None else chat.budget
        rules = EpisodeRules(budget, plan.rules.probe_cost)
        knobs = plan.chosen if isinstance(plan, RheoPlan) else {}
        return make_plan(plan.program, ControllerSetting(beta, knobs), rules)

    def _refuse_too_long(self, prompt: int, model: LiveModel) -> None:
        probing = max(
            len(model.forced.both) + model.settings.probing.max_tokens,
            count_truth_tokens(model.forced, model.truth),
        )
        longest = model.settings.drawing.max_tokens
        if prompt + longest + probing > self._config.served.context:
            raise Rejection(
                400,
                f"the messages have {prompt} tokens; with {longest} for a branch and {probing} for"
                f" a probe they do not fit the context of {self._config.served.context}",
                param="messages",
                code="context_length_exceeded",
            )


def _too_low(budget: int, interval: int, *, own: bool) -> Rejection:
    """Return the refusal of a budget, the proxy's or the client's, that affords no branch."""
    why = f"is {budget}, too little for one branch; an interval has {interval} tokens"
    if own:
        return Rejection(
            500, f"the proxy's --budget {why}", kind="api_error", code="controller_failed"
        )
    return Rejection(400, f"`budget` {why}", param="budget")


def _stopped(answer: ProxyAnswer, stopping: Stopping) -> ProxyAnswer:
    """Return an answer whose text ends at the client's first stop string."""
    cut = stopping.cut(answer.content)
    return answer if cut is None else answer._replace(content=cut, finish="stop")


def add_instruction(messages: Sequence[dict[str, str]], instruction: str) -> list[dict[str, str]]:
    """Return a conversation with the instruction after the user's last message."""
    instructed = list(messages)
    for index in range(len(instructed) - 1, -1, -1):
        if instruction and instructed[index]["role"] == "user":
            instructed[index] = instructed[index] | {
                "content": f"{instructed[index]['content']}\n\n{instruction}"
            }
            break
    return instructed


def _name(chat: ChatRequest, prompt: Sequence[int], name: str) -> str:
    """Return the key of the seeds: equal seeds and conversations give equal branches."""
    if chat.seed is None:
        return name
    encoded = msgspec.msgpack.encode((chat.seed, list(prompt)))
    return f"seed-{blake2b(encoded, digest_size=8).hexdigest()}"


async def _pick_branch(
    plan: Plan, ended: FinishedEpisode, forcing: Forcing, prompt: int
) -> ProxyAnswer:
    live_result, branches = ended
    branch, text, finish = await _text(ended, forcing)
    reasoning, content = _split_thinking(text, forcing)
    opened = branches[: len(live_result.episode.branches)]
    generated = sum(len(branch.token_ids) for branch in opened) + live_result.probe_tokens
    return ProxyAnswer(
        content=content,
        reasoning=reasoning,
        finish=finish,
        prompt_tokens=prompt,
        completion_tokens=generated,
        hidden_tokens=generated - len(branches[branch].token_ids),
        answer=live_result.episode.answer,
        warnings=[],
        plan=plan,
        live_result=live_result,
    )


async def _text(ended: FinishedEpisode, forcing: Forcing) -> tuple[int, str, str]:
    """Return the branch that is shown, its text, and its finish reason."""
    live_result, branches = ended
    episode = live_result.episode
    holding = [branch for branch in episode.branches if branch.answer == episode.answer]
    finished = [branch.branch for branch in holding if branch.status is Status.FINISHED]
    if episode.answer is None:
        finished = [
            branch.branch for branch in episode.branches if branch.status is Status.FINISHED
        ]
    if finished:
        branch = branches[finished[0]]
        return finished[0], branch.text or "", branch.finish or "stop"
    for barrier in reversed(episode.barriers):
        for action in barrier.actions:
            named = action.answer == episode.answer or episode.answer is None
            if action.kind is ActionKind.PROBE and action.branch is not None and named:
                text = await branches[action.branch].forced_text(action.depth)
                return action.branch, _closed(text, forcing), "stop"
    raise Rejection(
        500, "the controller answered, but no branch has a text to return", kind="api_error"
    )


def _closed(text: str, forcing: Forcing) -> str:
    """Return a forced answer with its box closed, if the model left it open."""
    forced_part = text[text.rfind(forcing.ask) :] if forcing.ask else ""
    return text + "}" * max(0, forced_part.count("{") - forced_part.count("}"))


def _split_thinking(text: str, forcing: Forcing) -> tuple[str | None, str]:
    """Return the thinking, and the text after its end."""
    if not forcing.mark:
        return None, text
    before, separator, after = text.rpartition(forcing.mark)
    # The reply was cut off during thinking, so there is only thinking.
    return (before, after.lstrip("\n")) if separator else (text, "")

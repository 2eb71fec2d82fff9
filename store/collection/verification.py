"""Whether a server still gives what a recording holds: some branches and probes, drawn again."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from store.answers.equivalence import RunningForms
from store.collection.chains import Chain, PromptedQuestion, draw_chain_stepwise, draw_whole_chains
from store.collection.context import make_context, refuse_unsupported
from store.collection.missing import describe_branches
from store.collection.preparation import make_probe_settings
from store.collection.probing import AnswerRules, make_branch, probe_chain
from store.collection.questions import tokenise_forcing
from store.collection.settings import Settings, parse_settings
from store.collection.truth_probe import TruthTokens
from store.errors import StoreError
from store.forcing import ForcingTokens
from store.reader import Recording
from store.records import Branch, Question
from store.serving.endpoints import Endpoint
from store.serving.engine import Served
from store.serving.errors import ServingError


class BranchCheck(NamedTuple):
    """One branch, drawn again."""

    question: str
    branch: int
    tokens: int
    """As recorded."""
    again: int
    """As drawn again."""
    same_up_to: int | None
    """Tokens up to the first that differs, where the recording holds tokens; all, if none does."""
    probes: int
    """As recorded."""
    same_probes: int
    """Whose answers came again."""
    same_final: bool

    @property
    def same(self) -> bool:
        """Whether all that was compared came again."""
        same_tokens = self.tokens == self.again and self.same_up_to in (None, self.tokens)
        return same_tokens and self.probes == self.same_probes and self.same_final


def choose_branches(recording: Recording, count: int, seed: int) -> list[tuple[int, int]]:
    """Questions and branches to check, chosen randomly from the recording.

    Args:
        recording: the recording.
        count: how many, at most.
        seed: random seed.
    """
    everything = [
        (number, index)
        for number in range(len(recording.questions))
        for index in range(len(recording.core(number).counts))
    ]
    return sorted(Random(seed).sample(everything, min(count, len(everything))))


def read_settings(recording: Recording) -> Settings:
    """Return the settings that a recording was made with.

    Raises:
        StoreError: it lacks what is needed to generate its branches again.
    """
    settings = parse_settings(recording.provenance)
    if settings is None or any(not question.prompt_ids for question in recording.questions):
        reason = "was not collected by rheostat, so its branches cannot be sampled again"
        raise StoreError(reason, path=recording.path)
    if settings.source is not None and "token_ids" not in recording.parts:
        reason = "contains imported chains without their tokens, so nothing can be requested again"
        raise StoreError(reason, path=recording.path)
    return settings


def describe_engine_mismatch(recording: Recording, served: Served) -> str | None:
    """Return a sentence if the server is not the one that made the recording."""
    provenance, engine = recording.provenance, served.software
    if provenance.model not in (served.model, *served.aliases) or engine != provenance.engine:
        recorded = f"recorded from {provenance.model} by {provenance.engine}"
        return f"{recorded}, now {served.model} by {engine}"
    return None


async def refuse_shorter_context(
    recording: Recording,
    settings: Settings,
    served: Served,
    endpoint: Endpoint,
    truth: TruthTokens | None = None,
) -> ForcingTokens:
    """Refuse a server whose context is too short for the branches of a recording.

    Args:
        recording: the recording.
        settings: that it was made with.
        served: what the server serves.
        endpoint: where branches are to be drawn again.
        truth: the question of P(True), if it is asked again.

    Returns:
        What makes the model answer, in its tokens.

    Raises:
        ServingError: a branch and its probes may not fit.
    """
    refuse_unsupported(settings, served, endpoint.engine.address)
    forced = await tokenise_forcing(endpoint.engine, settings.forcing)
    context = make_context(settings, forced, served, endpoint.engine.address, truth)
    for question in recording.questions if settings.source is None else ():
        prompt = len(question.prompt_ids or [])
        context.refuse_prompt(question.id, prompt, settings.drawing.max_tokens)
    return forced


class BranchVerifier:
    """Draws branches of a recording again.

    Args:
        recording: as it is.
        settings: that it was made with.
        endpoint: where they are drawn.
        reading: how answers are read.
    """

    def __init__(
        self, recording: Recording, settings: Settings, endpoint: Endpoint, reading: AnswerRules
    ):
        self._recording = recording
        self._settings = settings
        self._endpoint = endpoint
        self._reading = reading
        self._forced: ForcingTokens | None = None

    async def check(self, number: int, position: int) -> BranchCheck:
        """Draw one branch and its probes again.

        Args:
            number: the question's, from 0.
            position: the branch's index among those that are recorded, from 0.

        Raises:
            ServingError: the server fails.
        """
        question = self._recording.questions[number]
        recorded = self._recording.branches(number)[position]
        index = question.branch_index(position)
        try:
            again = await self._again(question, index, recorded)
        except ServingError as error:
            error.add_subject(describe_branches(question.id, [index]))
            raise
        recorded_ids = recorded.token_ids
        return BranchCheck(
            question.id,
            index,
            recorded.tokens,
            again.tokens,
            None if recorded_ids is None else same_up_to(recorded_ids, again.token_ids or []),
            len(recorded.answers),
            sum(a == b for a, b in zip(recorded.answers, again.answers, strict=False)),
            recorded.final == again.final,
        )

    async def _again(self, question: Question, index: int, recorded: Branch) -> Branch:
        settings, prompt = self._settings, question.prompt_ids or []
        if self._forced is None:
            self._forced = await tokenise_forcing(self._endpoint.engine, settings.forcing)
        chain = await self._chain(question, index, recorded)
        probed = await probe_chain(
            self._endpoint,
            prompt,
            chain,
            self._forced,
            make_probe_settings(settings, question),
            settings,
            lambda request, results: None,
        )
        forms = RunningForms(self._reading.equivalence, question.gold, self._answers(question))
        branch = await make_branch(chain, probed, question, settings, self._reading, forms)
        return Branch(
            answers=branch.answers,
            tokens=branch.tokens,
            final=branch.final,
            token_ids=chain.token_ids,
        )

    def _answers(self, question: Question) -> Sequence[str]:
        """Return the forms that the recording gives to the question's answers."""
        return self._recording.core(self._recording.questions.index(question)).answers

    async def _chain(self, question: Question, index: int, recorded: Branch) -> Chain:
        async with self._endpoint.reserve(1):
            return await self._draw_again(question, index, recorded)

    async def _draw_again(self, question: Question, index: int, recorded: Branch) -> Chain:
        settings = self._settings
        prompted = PromptedQuestion(question.id, question.prompt_ids or [])
        if settings.source is not None:
            # Drawn elsewhere: only its probes can be requested again.
            tokens = recorded.token_ids or []
            words = await self._endpoint.engine.detokenize(tokens)
            return Chain(tokens, recorded.text or words, recorded.finish, recorded.seed)
        if settings.stepwise:
            return await draw_chain_stepwise(
                self._endpoint, prompted, index, settings.drawing, _ignore
            )
        chains: list[Chain] = []

        async def take(index: int, chain: Chain) -> None:
            chains.append(chain)

        await draw_whole_chains(self._endpoint, prompted, [index], settings.drawing, take, _ignore)
        return chains[0]


def same_up_to(recorded: Sequence[int], again: Sequence[int]) -> int:
    """How many tokens are the same from the beginning."""
    for index, (one, other) in enumerate(zip(recorded, again, strict=False)):
        if one != other:
            return index
    return min(len(recorded), len(again))


def _ignore(tokens: int) -> None:
    """Ignore token counts."""

"""The work of a collection, and what the servers report before anything is generated."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from store.collection.chains import ExistingChain, ExistingChains, length_of
from store.collection.context import Context, make_context, refuse_unsupported
from store.collection.draw_requests import ProbeSettings
from store.collection.missing import HINT, describe_branches
from store.collection.probing import AnswerRules
from store.collection.questions import (
    CollectionQuestion,
    choice_letters,
    format_prompt,
    tokenise_forcing,
)
from store.collection.settings import Settings
from store.collection.truth_probe import TruthTokens, tokenise_question
from store.errors import SourceError
from store.forcing import ForcingTokens
from store.records import Question
from store.serving.endpoints import Endpoint
from store.serving.engine import Engine, Served
from store.serving.errors import Refused

GROUP = 16
"""Branches of one request, where no less is requested."""


class CollectionPlan(NamedTuple):
    """What is to be collected."""

    settings: Settings
    questions: Sequence[CollectionQuestion]
    branches: int
    """Of each question, where they are drawn here."""
    chains: dict[str, list[ExistingChain]] | None = None
    """Of each question's id, where they exist."""
    group: int = GROUP
    allow_missing: int = 0
    """How many branches may be missing from the sealed recording."""
    file: ExistingChains | None = None
    """The file that ``chains`` were read from, for messages."""

    @property
    def most_per_request(self) -> int:
        """Branches of one request, at most."""
        # vLLM rejects n above 1 at temperature 0, and intervals are drawn one by one.
        greedy = self.settings.drawing.temperature == 0
        return 1 if self.settings.stepwise or greedy else self.group

    def wanted(self, question: str) -> int:
        """Return how many branches a question gets."""
        return self.branches if self.chains is None else len(self.chains[question])


class CollectionSetup(NamedTuple):
    """What the servers reported before anything was generated."""

    served: Served
    questions: list[Question]
    forced: ForcingTokens
    missing: Mapping[str, Mapping[int, str]] = {}
    """Existing chains that cannot be probed, with the reason, by the question's id."""
    truth: TruthTokens | None = None
    """The question of P(True), if it is requested."""


async def prepare_collection(
    work: CollectionPlan, endpoints: Sequence[Endpoint], reading: AnswerRules
) -> CollectionSetup:
    """Ask the servers for their model and tokens; nothing is sampled.

    Args:
        work: what to collect.
        endpoints: the endpoints.
        reading: how answers are extracted and compared.

    Raises:
        ServingError: a server is not there, serves another model than the first, or has too short
            a context.
        SourceError: more existing chains than may be missing are too long for the context.
    """
    served = await check_same_model(endpoints)
    engine = endpoints[0].engine
    refuse_unsupported(work.settings, served, engine.address)
    forced = await tokenise_forcing(engine, work.settings.forcing)
    truth = await tokenise_truth(engine, work.settings)
    context = make_context(work.settings, forced, served, engine.address, truth)
    questions = []
    for question in work.questions:
        words = format_prompt(question.question, question.choices, work.settings.instruction)
        prompt = await engine.tokenize_chat(
            [{"role": "user", "content": words}], work.settings.template
        )
        questions.append(
            Question(
                id=question.id,
                gold=reading.gold(question.answer),
                text=question.question,
                choices=question.choices,
                prompt_ids=prompt,
            )
        )
        if work.chains is None:
            context.refuse_prompt(question.id, len(prompt), work.settings.drawing.max_tokens)
    missing = await _overlong(work, questions, context, engine)
    return CollectionSetup(served, questions, forced, missing, truth)


async def tokenise_truth(engine: Engine, settings: Settings) -> TruthTokens | None:
    """Return the question of P(True) in the model's tokens; ``None`` if it is not requested.

    Raises:
        ServingError: the server does not respond.
    """
    if settings.served.truth is None:
        return None
    return await tokenise_question(engine, settings.served.truth, settings.probing.max_tokens)


async def _overlong(
    work: CollectionPlan, questions: Sequence[Question], context: Context, engine: Engine
) -> dict[str, dict[int, str]]:
    """Existing chains that the context cannot hold, by question and index.

    Raises:
        SourceError: there are more of them than may be missing; it names the first.
    """
    overlong: dict[str, dict[int, str]] = {}
    for question in questions if work.chains is not None else ():
        chains = (work.chains or {})[question.id]
        lengths = await asyncio.gather(*(length_of(engine, chain) for chain in chains))
        for index, length in enumerate(lengths):
            problem = context.chain_problem(len(question.prompt_ids or []), length)
            if problem is not None:
                overlong.setdefault(question.id, {})[index] = problem
    count = sum(map(len, overlong.values()))
    if count <= work.allow_missing:
        return overlong
    question_id, problems = next(iter(overlong.items()))
    index, problem = next(iter(problems.items()))
    more = f"; {count} chains in all are too long" if count > 1 else ""
    refusal = SourceError(
        f"{describe_branches(question_id, [index])}: {problem}{more}",
        path=work.file and work.file.path,
        location=work.file and work.file.position(question_id, index),
    )
    refusal.add_note(HINT)
    raise refusal


def make_probe_settings(settings: Settings, question: Question) -> ProbeSettings:
    """How a question's probes are made: constrained to its letters, where that is requested."""
    if not settings.choices or question.choices is None:
        return settings.probing
    return msgspec.structs.replace(settings.probing, choice=choice_letters(question.choices))


async def check_same_model(endpoints: Sequence[Endpoint]) -> Served:
    """Return what all servers serve.

    Raises:
        ServingError: one is not there, or serves another model than the first.
    """
    first: Served | None = None
    for engine in dict.fromkeys(endpoint.engine for endpoint in endpoints):
        served = await engine.served()
        if first is not None and not served.is_like(first):
            raise Refused(
                f"serves {served.model} by {served.software} with a context of"
                f" {served.context}, unlike the first server ({first.model}, {first.software},"
                f" {first.context})",
                address=engine.address,
                hint="use servers of the same model, software version and context",
            )
        first = first or served
    if first is None:
        raise ValueError("a collection needs a server")
    return first

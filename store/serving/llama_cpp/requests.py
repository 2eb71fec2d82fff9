"""A request to ``/completion`` of llama.cpp's server: one prompt, one completion.

Every parameter that changes what is sampled is sent, so that no option of the server's own command
line decides in silence. Samplers are in vLLM's order: penalties, temperature, min-p, top-k, top-p.
The server's own order has the temperature last, which gives top-p and min-p another meaning.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from store.serving.llama_cpp.grammars import write_grammar
from store.serving.requests import CompletionRequest

SEEDS = (1 << 32) - 1
"""How many seeds the server has: those of 32 bits, without the highest, which means a random one.

A seed of more bits would be cut off without a word.
"""

CERTAIN = 1000.0
"""Added to the logits of the tokens that are allowed; no other token can then be sampled."""

SAMPLERS = ("penalties", "temperature", "min_p", "top_k", "top_p")
"""The samplers in their order; those that are not listed are not applied."""


class LlamaRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a request. The fields have the server's own names."""

    prompt: Sequence[int]
    n_predict: int
    seed: int
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    repeat_penalty: float
    repeat_last_n: int
    """Tokens before the next one that the penalty looks at."""
    samplers: Sequence[str] = SAMPLERS
    stop: Sequence[str] = ()
    grammar: str = ""
    n_probs: int = 0
    """So many likeliest tokens with each token's own log-probability, before any sampler."""
    post_sampling_probs: bool = False
    cache_prompt: bool = True
    n_cache_reuse: int = 0
    """Chunks of a prompt that moved are never reused: their cached values are not the same."""
    return_tokens: bool = True
    stream: bool = False
    """Never: a stream leaves out the ids of tokens that end within a character of UTF-8."""
    ignore_eos: bool = False
    logit_bias: Sequence[tuple[int, float]] = ()
    """What is added to the logits of tokens before they are sampled, not to what is reported."""
    mirostat: int = 0
    adaptive_target: float = -1.0
    dynatemp_range: float = 0.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    min_keep: int = 0
    n_indent: int = 0
    t_max_predict_ms: int = -1
    reasoning_budget_tokens: int = -1
    backend_sampling: bool = False
    response_fields: Sequence[str] = (
        "content", "tokens", "model", "tokens_predicted", "tokens_evaluated", "truncated",
        "stop_type", "timings", "generation_settings", "completion_probabilities",
    )  # fmt: skip
    """What of the reply is sent back; the text of the prompt is not."""


class ChildRequest(NamedTuple):
    """One child of a request."""

    child: int
    """Among all children: prompt after prompt, child after child."""
    prompt: Sequence[int]
    seed: int


def list_children(request: CompletionRequest) -> list[ChildRequest]:
    """Return the children of a request in the order in which they are best drawn one by one.

    Long prompts come first: a slot that holds one has the beginning of every shorter prefix of the
    same branch, while the server would forget the end of a longer one.
    """
    children = list(_iterate_children(request))
    return sorted(children, key=lambda child: -len(child.prompt))


def _iterate_children(request: CompletionRequest) -> Iterator[ChildRequest]:
    for number, prompt in enumerate(request.prompt):
        for offset in range(request.n):
            seed = ((request.seed or 0) + offset) % SEEDS
            yield ChildRequest(number * request.n + offset, prompt, seed)


def make_request(request: CompletionRequest, child: ChildRequest) -> LlamaRequest:
    """Return the request for one child.

    Args:
        request: all children.
        child: which one.

    Raises:
        UnsupportedConstraint: the constraint cannot be a grammar.
    """
    constraint = request.structured_outputs
    return LlamaRequest(
        prompt=child.prompt,
        n_predict=request.max_tokens,
        seed=child.seed,
        temperature=request.temperature,
        top_k=request.top_k,
        top_p=request.top_p,
        min_p=request.min_p,
        repeat_penalty=request.repetition_penalty,
        # vLLM's penalty looks at the whole prompt and at all that was generated.
        repeat_last_n=len(child.prompt) + request.max_tokens,
        stop=request.stop or (),
        grammar="" if constraint is None else write_grammar(constraint),
        n_probs=request.logprobs or 0,
        logit_bias=[(token, CERTAIN) for token in request.allowed_token_ids or ()],
    )

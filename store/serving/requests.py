"""A request for completions, as vLLM's ``/v1/completions`` has it: tokens in, tokens out.

Every sampling parameter that changes what is drawn is spelled out, so that no default of the
server's own (its model may bring a ``generation_config``) decides in silence.
"""

from collections.abc import Sequence

import msgspec

TOP = 20
"""How many likeliest tokens are requested where log-probabilities are; vLLM's own default bound."""


class Structured(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a reply is constrained to; one of the two."""

    regex: str | None = None
    choice: list[str] | None = None


class CompletionRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One request: some prompts, n children of each. The fields have vLLM's own names."""

    prompt: Sequence[Sequence[int]]
    """Prompts in tokens, each with one token or more."""
    max_tokens: int
    """The most tokens of one child."""
    temperature: float
    top_p: float
    top_k: int
    """0 for all tokens."""
    min_p: float
    repetition_penalty: float
    n: int = 1
    """Children of each prompt; child i draws with ``seed + i``."""
    seed: int | None = None
    stop: list[str] | None = None
    """Strings that end a child; they are not part of its text."""
    stop_token_ids: list[int] | None = None
    logprobs: int | None = None
    """So many likeliest tokens with each token's own log-probability."""
    structured_outputs: Structured | None = None
    allowed_token_ids: list[int] | None = None
    """The tokens that may be drawn; log-probabilities are still those among all tokens."""
    priority: int = 0

    @property
    def children(self) -> int:
        """How many completions are requested."""
        return self.n * len(self.prompt)


class WireRequest(CompletionRequest, frozen=True, omit_defaults=True, kw_only=True):
    """The same with what every request of this client asks besides."""

    model: str
    return_token_ids: bool = False
    return_tokens_as_token_ids: bool = False
    stream: bool = False
    stream_options: dict[str, bool] | None = None
    stream_interval: int | None = None


def encode_request(request: CompletionRequest, model: str, *, every: int | None = None) -> bytes:
    """Return the body of the HTTP request.

    Args:
        request: the completion to request.
        model: the model's name at the server.
        every: stream the reply, in pieces of about so many tokens; ``None`` requests it whole.
    """
    fields = {name: getattr(request, name) for name in request.__struct_fields__}
    streaming = every is not None
    return _ENCODER.encode(
        WireRequest(
            **fields,
            model=model,
            return_token_ids=True,
            return_tokens_as_token_ids=request.logprobs is not None,
            stream=streaming,
            # Counts in every piece, so that one that went missing is noticed at once.
            stream_options=(
                {"include_usage": True, "continuous_usage_stats": True} if streaming else None
            ),
            stream_interval=every,
        )
    )


_ENCODER = msgspec.json.Encoder()

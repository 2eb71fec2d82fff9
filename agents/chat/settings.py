"""Settings of language models, the section ``[chat]``, and the price of a call.

A price comes from the settings, or else from published prices.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

import msgspec

Money = Annotated[float, msgspec.Meta(ge=0)]


class ChatSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How models are called, and their prices. Prompts are not configured here."""

    timeout: Annotated[float, msgspec.Meta(gt=0)] = 600.0
    """Timeout of one call, in seconds."""
    retries: Annotated[int, msgspec.Meta(ge=0)] = 4
    """Retries of a call if the server is busy or fails, honouring Retry-After."""
    prices: dict[str, tuple[Money, Money]] = {}
    """By model, as ``--proposer`` takes it without ``chat:``: dollars per million input and
    output tokens. Models that are not listed use published prices, if known."""


MILLION = Decimal(1_000_000)


class Charge(NamedTuple):
    """Dollars, and the price table used."""

    usd: float
    by: str
    """Source of the price, and dollars per million input and output tokens; empty for none."""


class Price:
    """Price of one model's tokens.

    Args:
        model: ``PROVIDER:MODEL``.
        prices: Configured dollars per million input and output tokens.
        is_own_server: Whether the server is not the provider's own.
    """

    def __init__(
        self,
        model: str,
        prices: Mapping[str, tuple[float, float]],
        *,
        is_own_server: bool = False,
    ):
        self._model = model
        self._own = prices.get(model)
        self._is_own_server = is_own_server
        self.known = self._own is not None or self._published(1, 1) is not None
        """Whether there is a price; without one, tokens cost nothing."""

    def usd(self, tokens_in: int, tokens_out: int) -> float:
        """Return the dollars for a call."""
        return self.charge(tokens_in, tokens_out).usd

    def charge(self, tokens_in: int, tokens_out: int) -> Charge:
        """Return the cost of a call, and the price table used."""
        if self._own is not None:
            per_in, per_out = (Decimal(str(dollars)) for dollars in self._own)
            usd = float((per_in * tokens_in + per_out * tokens_out) / MILLION)
            return Charge(usd, f"settings: {per_in} in, {per_out} out")
        return self._published(tokens_in, tokens_out) or Charge(0.0, "")

    def _published(self, tokens_in: int, tokens_out: int) -> Charge | None:
        if self._is_own_server:
            return None
        try:
            from genai_prices import Usage, calc_price
        except (
            ImportError
        ):  # imported here: replaying replies of another run must work without the extra
            return None
        provider, _, model = self._model.partition(":")
        try:
            price = calc_price(
                Usage(input_tokens=tokens_in, output_tokens=tokens_out),
                model_ref=model,
                provider_id=_PROVIDERS.get(provider, provider),
            )
        except LookupError:
            return None
        return Charge(float(price.total_price), _by(price, tokens_in, tokens_out))


def _by(price: Any, tokens_in: int, tokens_out: int) -> str:  # noqa: ANN401 - an extra's record
    """Describe the published price that was used.

    A price may depend on the hour and on the length of a call; the effective price per token is
    computed from the amount.
    """
    parts = [
        f"{(Decimal(usd) * MILLION / count).normalize():f} {way}"
        for count, usd, way in (
            (tokens_in, price.input_price, "in"), (tokens_out, price.output_price, "out"),
        )
        if count
    ]  # fmt: skip
    return f"published for {price.provider.id}:{price.model.id}: {', '.join(parts)}"


_PROVIDERS = {
    "google_genai": "google", "google_vertexai": "google", "azure_openai": "azure",
    "mistralai": "mistral", "bedrock": "aws", "bedrock_converse": "aws", "xai": "x-ai",
}  # fmt: skip
"""Providers with a different name in the table of published prices."""

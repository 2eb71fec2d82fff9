"""What a call costs: by the settings, else by the prices that providers publish."""

from collections.abc import Mapping
from decimal import Decimal

MILLION = Decimal(1_000_000)


class Price:
    """Dollars for the tokens of one model.

    Args:
        model: ``PROVIDER:MODEL``.
        prices: those of the settings: dollars for a million tokens in, and out.
    """

    def __init__(self, model: str, prices: Mapping[str, tuple[float, float]]):
        self._model = model
        self._own = prices.get(model)
        self.known = self._own is not None or self._published(1, 1) is not None
        """Whether there is a price; without one, tokens cost nothing."""

    def usd(self, tokens_in: int, tokens_out: int) -> float:
        """Dollars for a call."""
        if self._own is not None:
            per_in, per_out = (Decimal(str(each)) for each in self._own)
            return float((per_in * tokens_in + per_out * tokens_out) / MILLION)
        return self._published(tokens_in, tokens_out) or 0.0

    def _published(self, tokens_in: int, tokens_out: int) -> float | None:
        try:
            from genai_prices import Usage, calc_price
        except ImportError:  # replies of another run are replayed without the extra
            return None
        provider, _, model = self._model.partition(":")
        try:
            found = calc_price(
                Usage(input_tokens=tokens_in, output_tokens=tokens_out),
                model_ref=model,
                provider_id=_PROVIDERS.get(provider, provider),
            )
        except LookupError:
            return None
        return float(found.total_price)


_PROVIDERS = {
    "google_genai": "google", "google_vertexai": "google", "azure_openai": "azure",
    "mistralai": "mistral", "bedrock": "aws", "bedrock_converse": "aws", "xai": "x-ai",
}  # fmt: skip
"""Providers that the table of published prices calls otherwise."""

"""Call language models through LangChain, the only module that imports it."""

import os
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from agents.chat.reply_cache import ChatMessage, FinishReason, ModelCall, ModelReply
from agents.chat.settings import ChatSettings, Price
from agents.feedback.brief import count_tokens
from harness.errors import ExternalError, InputError
from harness.request.option_names import name_option
from store.extras import install_command


class LanguageModel(Protocol):
    """A language model."""

    def reply(self, call: ModelCall, check_interrupt: Callable[[], None]) -> ModelReply:
        """Send a call to the model and return its reply.

        Args:
            call: Call to make.
            check_interrupt: Function that raises if an interrupt was requested.

        Raises:
            ExternalError: No call can succeed with any prompt.
        """
        ...


class ChatModel:
    """A model of a LangChain provider, or of an OpenAI-compatible server.

    Args:
        name: ``PROVIDER:MODEL``.
        base_url: URL of the server; ``None`` for the provider's own.
        settings: Call settings.

    Raises:
        InputError: The provider is unknown.
        ExternalError: The provider's package or credentials are missing.
    """

    def __init__(self, name: str, base_url: str | None, settings: ChatSettings):
        self._name, self._base_url, self._settings = name, base_url, settings
        self.price = Price(name, settings.prices, is_own_server=base_url is not None)
        self._opened: dict[tuple[float | None, int, str], Any] = {}
        self._open(None, 16, "")

    def reply(self, call: ModelCall, check_interrupt: Callable[[], None]) -> ModelReply:
        """See `LanguageModel.reply`."""
        from langchain_core.exceptions import (
            ContextOverflowError,
            ModelAuthenticationError,
            ModelNotFoundError,
            ModelPermissionDeniedError,
            ModelRefusalError,
        )

        streamed = _StreamedReply()
        try:
            self._listen(call, streamed, check_interrupt)
        except (ModelAuthenticationError, ModelPermissionDeniedError, ModelNotFoundError) as stop:
            raise ExternalError(
                f"{self._name} cannot be called: {_first_line(stop)}",
                hint=f"fix this, then continue the run with {name_option('resume')}",
            ) from stop
        except ContextOverflowError as problem:
            return self._build_reply(
                call, streamed, FinishReason.FAILED, f"too long: {_first_line(problem)}"
            )
        except ModelRefusalError as problem:
            return self._build_reply(call, streamed, FinishReason.REFUSED, _first_line(problem))
        except _retryable_errors() as problem:
            # Other exceptions come from clients that cannot parse the response.
            return self._build_reply(call, streamed, FinishReason.FAILED, _first_line(problem))
        return self._build_reply(call, streamed, *streamed.finish())

    def sent_temperature(self, temperature: float | None) -> float | None:
        """Return the temperature that is actually sent.

        LangChain's clients silently remove it from requests for some models.
        """
        model = self._open(temperature, 16, "")
        # LangChain has no public access to the request as it is sent.
        payload = getattr(model, "_get_request_payload", None)
        if callable(payload):
            sent = payload([("user", "")]).get("temperature")
        else:
            sent = getattr(model, "temperature", temperature)
        return None if sent is None else float(sent)

    def _listen(
        self, call: ModelCall, streamed: "_StreamedReply", check_interrupt: Callable[[], None]
    ) -> None:
        """Read the stream of a reply.

        Raises:
            TimeoutError: The call takes too long.
        """
        model = self._open(call.temperature, call.reply_tokens, call.grammar)
        until = time.monotonic() + self._settings.timeout
        for chunk in model.stream([(message.role, message.text) for message in call.messages]):
            streamed.take(chunk)
            check_interrupt()
            if time.monotonic() > until:
                raise TimeoutError(f"no complete reply after {self._settings.timeout:g} seconds")

    def _build_reply(
        self, call: ModelCall, streamed: "_StreamedReply", finish: FinishReason, problem: str
    ) -> ModelReply:
        reported_in, reported_out = streamed.usage
        tokens_in, sure_in = _plausible_tokens(
            reported_in, estimate_prompt_tokens(call.messages), None
        )
        tokens_out, sure_out = _plausible_tokens(
            reported_out, count_tokens(streamed.text), call.reply_tokens
        )
        if finish is FinishReason.FAILED and not streamed.text and reported_in is None:
            tokens_in, tokens_out = 0, 0  # nothing was generated, and nothing is charged
        charge = self.price.charge(tokens_in, tokens_out)
        return ModelReply(
            finish=finish,
            text=streamed.text,
            problem=problem,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            usd=charge.usd,
            price=charge.by,
            temperature=self.sent_temperature(call.temperature),
            estimated=not (sure_in and sure_out),
        )

    def _open(self, temperature: float | None, reply_tokens: int, grammar: str) -> Any:  # noqa: ANN401 - LangChain's are many
        key = (temperature, reply_tokens, grammar)
        if key not in self._opened:
            self._opened[key] = self._create_model(*key)
        return self._opened[key]

    def _create_model(self, temperature: float | None, reply_tokens: int, grammar: str) -> Any:  # noqa: ANN401
        try:
            from langchain.chat_models import init_chat_model
        except ImportError as problem:
            raise ExternalError(
                f"{name_option('proposers', f'chat:{self._name}')}: LangChain is not installed",
                hint=f"install rheostat with its extra: {install_command('chat')}",
            ) from problem
        provider, _, model = self._name.partition(":")
        options: dict[str, Any] = {
            "max_tokens": reply_tokens,
            "max_retries": self._settings.retries,
            "timeout": self._settings.timeout,
        }
        if temperature is not None:
            options["temperature"] = temperature
        if provider == "openai":
            options |= _openai(self._base_url, grammar)
        try:
            return init_chat_model(model, model_provider=provider, **options)
        except ImportError as problem:
            raise ExternalError(
                f"{name_option('proposers', f'chat:{self._name}')}: {_first_line(problem)}",
                hint="install the provider's package in rheostat's environment",
            ) from problem
        except _client_errors() as problem:  # a key that is missing
            raise ExternalError(f"{self._name} cannot be called: {_first_line(problem)}") from (
                problem
            )
        except ValueError as problem:
            raise InputError(
                f"{name_option('proposers', f'chat:{self._name}')}: {_first_line(problem)}"
            ) from problem


class _TokenUsage(NamedTuple):
    """Token usage as reported; ``None`` if it was not."""

    tokens_in: object
    tokens_out: object


class _StreamedReply:
    """A reply that is being streamed."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._finish = ""
        self.usage = _TokenUsage(None, None)

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._parts)

    def take(self, chunk: Any) -> None:  # noqa: ANN401 - LangChain's message chunk
        """Add one chunk."""
        self._parts.append(str(chunk.text))
        metadata = chunk.response_metadata
        self._finish = str(
            metadata.get("finish_reason") or metadata.get("stop_reason") or self._finish
        )
        if chunk.usage_metadata is not None:
            used = chunk.usage_metadata
            self.usage = _TokenUsage(used.get("input_tokens"), used.get("output_tokens"))

    def finish(self) -> tuple[FinishReason, str]:
        """Return how a complete stream ended."""
        reason = self._finish.lower()
        if reason in _REFUSALS:
            return FinishReason.REFUSED, f"the provider reports {reason}"
        if reason in _CUTS:
            return FinishReason.CUT, "the limit on its tokens cut it off"
        if not reason:
            return FinishReason.FAILED, "the stream was cut off"
        if not self.text.strip():  # some servers refuse by sending nothing
            return FinishReason.REFUSED, "the reply is empty"
        return FinishReason.ENDED, ""


_CUTS = frozenset({"length", "max_tokens", "model_length", "incomplete"})
_REFUSALS = frozenset({"content_filter", "refusal", "safety", "prohibited_content", "blocklist"})
"""Finish reasons of providers."""

MAX_USAGE_RATIO = 4
"""A reported token count is accepted within this factor of our own estimate."""


def estimate_prompt_tokens(messages: list[ChatMessage]) -> int:
    """Estimate the tokens of a conversation."""
    return sum(count_tokens(message.text) + 4 for message in messages)


def _plausible_tokens(reported: object, estimate: int, most: int | None) -> tuple[int, bool]:
    """Return a plausible token count, and whether the server reported it.

    Args:
        reported: Count reported by the server.
        estimate: Our own estimate.
        most: Maximum possible count; if it is known, hidden tokens may be included.
    """
    if (
        not isinstance(reported, int)
        or isinstance(reported, bool)
        or reported < estimate // MAX_USAGE_RATIO
    ):
        return estimate, False
    limit = most if most is not None else max(estimate, 64) * MAX_USAGE_RATIO
    return (reported, True) if reported <= max(limit, estimate) else (estimate, False)


def _openai(base_url: str | None, grammar: str) -> dict[str, Any]:
    """Return the options that only OpenAI's client takes."""
    options: dict[str, Any] = {"stream_usage": True}
    if base_url is not None:
        options["base_url"] = base_url
        if not os.environ.get("OPENAI_API_KEY"):
            options["api_key"] = "none"  # a self-hosted server needs no key, but the client does
    if grammar:
        options["extra_body"] = {"structured_outputs": {"grammar": grammar}}
    return options


def _client_errors() -> tuple[type[Exception], ...]:
    """Return the client exceptions that LangChain does not wrap."""
    errors: list[type[Exception]] = [ConnectionError, TimeoutError]
    for module, name in (
        ("openai", "OpenAIError"), ("httpx", "HTTPError"), ("httpx2", "HTTPError"),
        ("anthropic", "AnthropicError"), ("groq", "GroqError"), ("ollama", "ResponseError"),
        ("google.genai.errors", "APIError"), ("botocore.exceptions", "BotoCoreError"),
        ("botocore.exceptions", "ClientError"),
    ):  # fmt: skip
        if module in sys.modules and hasattr(sys.modules[module], name):
            errors.append(getattr(sys.modules[module], name))
    return tuple(errors)


def _retryable_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions that cost a try."""
    from langchain_core.exceptions import ModelError

    return (ModelError, ValueError, TypeError, LookupError, AttributeError, *_client_errors())


def _first_line(problem: BaseException) -> str:
    return _shortened(str(problem).strip().partition("\n")[0]) or type(problem).__name__


def _shortened(text: str, most: int = 300) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"

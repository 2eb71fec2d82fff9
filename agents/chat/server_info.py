"""Query a server's capabilities: grammar-constrained decoding and context length."""

import json
import os
import urllib.error
import urllib.request
from typing import Any, NamedTuple

from harness.errors import ExternalError, InputError
from harness.request.option_names import name_option
from store.decode_errors import DECODE_ERRORS
from store.serving.identity import ModelCard, identify

TIMEOUT_SECONDS = 20.0
"""Timeout in seconds."""


class ServedModel(NamedTuple):
    """Capabilities of a served model."""

    decodes: bool
    """Whether the server supports grammars, as vLLM does."""
    context: int | None
    """Context length in tokens, if the server reports it."""


def query_server(base_url: str, model: str) -> ServedModel:
    """Query a server about a model.

    Args:
        base_url: URL of an OpenAI-compatible API, ``http://host:port/v1``.
        model: Name of the model on the server.

    Raises:
        InputError: The server does not serve the model, or does not speak the protocol.
        ExternalError: The server does not answer.
    """
    listed = _models(base_url)
    entry = next((other for other in listed if other.get("id") == model), None)
    if entry is None:
        names = ", ".join(str(other.get("id")) for other in listed[:8]) or "none"
        raise InputError(
            f"{name_option('base_url', base_url)}: does not serve the model {model}",
            hint=f"serves {names}",
        )
    identity = identify([_card(other) for other in listed], model)
    context = None if identity is None else identity.context
    return ServedModel(entry.get("owned_by") == "vllm", context)


def _card(listed: dict[str, Any]) -> ModelCard:
    """Parse an entry of the model list; fields of unexpected types are left out."""

    def text(name: str) -> str | None:
        value = listed.get(name)
        return value if isinstance(value, str) else None

    context = listed.get("max_model_len")
    return ModelCard(
        id=str(listed.get("id")),
        max_model_len=context if isinstance(context, int) else None,
        root=text("root"),
        parent=text("parent"),
    )


def _models(base_url: str) -> list[dict[str, Any]]:
    url = f"{base_url.rstrip('/')}/models"
    if not url.startswith(("http://", "https://")):
        raise InputError(
            f"{name_option('base_url', base_url)}: not a URL; write http://HOST:PORT/v1"
        )
    key = os.environ.get("OPENAI_API_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            body = json.load(answer)
    except urllib.error.HTTPError as problem:
        problem.close()
        sentence = (
            f"{name_option('base_url', base_url)}: {url} returns {problem.code} {problem.reason}"
        )
        if problem.code >= 500:
            raise ExternalError(sentence) from problem
        hint = "it ends in /v1 for most servers"
        if problem.code in (401, 403):
            hint = "set OPENAI_API_KEY to the key of the server"
        raise InputError(sentence, hint=hint) from problem
    except OSError as problem:
        reason = getattr(problem, "reason", problem)
        raise ExternalError(
            f"{name_option('base_url', base_url)}: no answer: {reason}"
        ) from problem
    except DECODE_ERRORS as problem:
        raise InputError(
            f"{name_option('base_url', base_url)}: {url} returns no list of models"
        ) from problem
    listed = body.get("data") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise InputError(f"{name_option('base_url', base_url)}: {url} returns no list of models")
    return [entry for entry in listed if isinstance(entry, dict)]

"""What a server says of itself: whether it decodes under a grammar, and how much it can read."""

import json
import os
import urllib.error
import urllib.request
from typing import Any, NamedTuple

from harness.errors import ExternalError, InputError
from store.serving.identity import ModelCard, identify

TIMEOUT_SECONDS = 20.0
"""Seconds to wait for it."""


class ServedModel(NamedTuple):
    """A model behind a URL."""

    decodes: bool
    """Whether it takes a grammar: vLLM does."""
    context: int | None
    """Tokens of a prompt and its reply together, where it says so."""


def query_server(base_url: str, model: str) -> ServedModel:
    """Asks a server for a model.

    Args:
        base_url: of an API as OpenAI's, ``http://host:port/v1``.
        model: as the server calls it.

    Raises:
        InputError: it serves no such model, or speaks no such protocol.
        ExternalError: it does not answer.
    """
    listed = _models(base_url)
    found = next((each for each in listed if each.get("id") == model), None)
    if found is None:
        names = ", ".join(str(each.get("id")) for each in listed[:8]) or "none"
        raise InputError(f"--base-url {base_url}: serves no model {model}", hint=f"serves {names}")
    identity = identify([_card(each) for each in listed], model)
    context = None if identity is None else identity.context
    return ServedModel(found.get("owned_by") == "vllm", context)


def _card(listed: dict[str, Any]) -> ModelCard:
    """An entry of the list; what is not of the type that vLLM gives it is left out."""

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
        raise InputError(f"--base-url {base_url}: is no URL; write http://HOST:PORT/v1")
    key = os.environ.get("OPENAI_API_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            told = json.load(answer)
    except urllib.error.HTTPError as problem:
        problem.close()
        sentence = f"--base-url {base_url}: {url} answers {problem.code} {problem.reason}"
        if problem.code >= 500:
            raise ExternalError(sentence) from problem
        hint = "it ends in /v1 for most servers"
        if problem.code in (401, 403):
            hint = "set OPENAI_API_KEY to the key of the server"
        raise InputError(sentence, hint=hint) from problem
    except OSError as problem:
        reason = getattr(problem, "reason", problem)
        raise ExternalError(f"--base-url {base_url}: no answer: {reason}") from problem
    except ValueError as problem:
        raise InputError(f"--base-url {base_url}: {url} gives no list of models") from problem
    listed = told.get("data") if isinstance(told, dict) else None
    if not isinstance(listed, list):
        raise InputError(f"--base-url {base_url}: {url} gives no list of models")
    return [each for each in listed if isinstance(each, dict)]

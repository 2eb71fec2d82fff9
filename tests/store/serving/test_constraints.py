"""Replies under a constraint: each is checked, whatever the server did with the constraint."""

from collections.abc import Iterator

import pytest

from store.collection.draw_requests import ProbeSettings, request_probes
from store.forcing import ForcingTokens
from store.serving.constraints import constraint_fault
from store.serving.errors import InconsistentResponse
from store.serving.requests import CompletionRequest
from store.serving.vllm_server import VllmServer
from tests.store.serving.scripted import MODEL, ScriptedServer, serving
from tests.store.serving.scripted_model import encode

PROMPT = encode("how many?<reply>")
FORCED = ForcingTokens((), (), (), ())


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with serving(ScriptedServer()) as server:
        yield server


def asked(
    regex: str | None = None, choice: list[str] | None = None, stop: list[str] | None = None
) -> CompletionRequest:
    probing = ProbeSettings(max_tokens=8, regex=regex, choice=choice, stop=stop or [])
    return request_probes(PROMPT, [[97]], FORCED, probing)


@pytest.mark.parametrize(
    ("text", "finish", "request_"),
    [
        ("42", "stop", asked(r"\d+")),
        ("4", "length", asked(r"\d+\}")),
        ("42", "stop", asked(r"\d+\}", stop=["}"])),
        ("42", "stop", asked(r"\d+\}\n.*", stop=["}\n"])),
        ("a\nb", "stop", asked(r"a.b")),
        ("B", "stop", asked(choice=["A", "B"])),
        ("ye", "length", asked(choice=["yes", "no"])),
        ("anything", "stop", asked()),
    ],
)
def test_reply_that_meets_the_constraint_is_accepted(
    text: str, finish: str, request_: CompletionRequest
) -> None:
    assert constraint_fault(text, finish, request_) is None


@pytest.mark.parametrize(
    ("text", "finish", "request_"),
    [
        ("forty", "stop", asked(r"\d+")),
        ("42 of them", "stop", asked(r"\d+")),
        ("", "stop", asked(r"\d+")),
        ("4", "stop", asked(r"\d+\}")),
        ("4x", "length", asked(r"\d+\}")),
        ("4x", "stop", asked(r"\d+\}", stop=["}"])),
        ("C", "stop", asked(choice=["A", "B"])),
        ("yeah", "length", asked(choice=["yes", "no"])),
    ],
)
def test_constraint_violation_is_described(
    text: str, finish: str, request_: CompletionRequest
) -> None:
    fault = constraint_fault(text, finish, request_)
    assert fault is not None
    assert repr(text) in fault


@pytest.mark.parametrize("request_", [asked(r"[0-9]{2}"), asked(choice=["A", "B"])])
async def test_ignored_constraint_error_names_the_likely_reason(
    scripted: ScriptedServer, request_: CompletionRequest
) -> None:
    async with VllmServer(scripted.url, MODEL) as client:
        with pytest.raises(
            InconsistentResponse, match=r"does not apply the constraint; .*--reasoning-parser"
        ):
            await client.complete(request_)

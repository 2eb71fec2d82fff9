"""Calls over HTTP: responses and failures of servers, and the replies that result."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from agents.chat.models import ChatModel
from agents.chat.reply_cache import ChatMessage, FinishReason, ModelCall, ModelReply
from agents.chat.settings import Charge, ChatSettings, Price
from harness.errors import ExternalError, InputError
from tests.agents.chat.server import Answer, server

MODEL = "openai:scripted"
PRICES = {MODEL: (1.0, 10.0)}
CALL = ModelCall(
    model=MODEL,
    messages=[ChatMessage("system", "Be brief."), ChatMessage("user", "word " * 3990)],
    temperature=0.5,
    reply_tokens=900,
)


def call_model(
    answers: Sequence[Answer], call: ModelCall = CALL, **settings: object
) -> tuple[ModelReply, int]:
    """Return the reply and the number of requests to the server."""
    chat_settings = ChatSettings(**({"retries": 0, "prices": PRICES} | settings))  # type: ignore[arg-type]
    with server(answers) as model_server:
        reply = ChatModel(MODEL, model_server.url, chat_settings).reply(call, lambda: None)
        return reply, len(model_server.requests)


def test_reply_has_token_counts_and_cost() -> None:
    reply, _ = call_model([Answer("a word of mine " * 100)])
    assert (reply.finish, reply.text, reply.problem) == (
        FinishReason.ENDED,
        "a word of mine " * 100,
        "",
    )
    assert (reply.tokens_in, reply.tokens_out, reply.estimated) == (4000, 500, False)
    assert reply.usd == pytest.approx(0.004 + 0.005)


def test_request_contains_the_call() -> None:
    grammar = 'root ::= "x"'
    with server([Answer("x")]) as model_server:
        model = ChatModel(MODEL, model_server.url, ChatSettings())
        model.reply(replace(CALL, grammar=grammar), lambda: None)
    heard = model_server.requests[0]
    assert heard["messages"][0] == {"content": "Be brief.", "role": "system"}
    assert (heard["temperature"], heard["model"]) == (0.5, "scripted")
    assert 900 in (heard.get("max_tokens"), heard.get("max_completion_tokens"))
    assert heard["structured_outputs"] == {"grammar": grammar}


def test_default_temperature_is_not_sent() -> None:
    with server([Answer("x")]) as model_server:
        model = ChatModel(MODEL, model_server.url, ChatSettings())
        model.reply(replace(CALL, temperature=None), lambda: None)
    assert "temperature" not in model_server.requests[0]


def test_reply_at_the_token_limit_is_cut() -> None:
    reply, _ = call_model([Answer("half a pro", finish="length")])
    assert reply.finish is FinishReason.CUT
    assert reply.text == "half a pro"


@pytest.mark.parametrize(
    "answer", [Answer("", finish="content_filter"), Answer("", refusal="I will not do that.")]
)
def test_refusal_is_reported(answer: Answer) -> None:
    reply, _ = call_model([answer])
    assert reply.finish is FinishReason.REFUSED


@pytest.mark.parametrize("status", [429, 500, 503])
def test_busy_server_is_retried_after_the_stated_time(status: int) -> None:
    busy = Answer("busy", status=status, headers=(("Retry-After", "0.05"),))
    reply, times = call_model([busy, busy, Answer("there")], retries=2)
    assert (reply.finish, reply.text, times) == (FinishReason.ENDED, "there", 3)


@pytest.mark.parametrize("status", [400, 429, 500])
def test_failing_server_costs_a_try_but_no_tokens(status: int) -> None:
    reply, _ = call_model([Answer("not today", status=status, headers=(("Retry-After", "0.01"),))])
    assert reply.finish is FinishReason.FAILED
    assert "not today" in reply.problem
    assert (reply.tokens_in, reply.tokens_out, reply.usd) == (0, 0, 0.0)


def test_interrupted_stream_costs_the_received_tokens() -> None:
    reply, _ = call_model([Answer("controller " * 200, cut=True)])
    assert reply.finish is FinishReason.FAILED
    assert reply.text.startswith("controller")
    assert reply.tokens_in > 3000
    assert reply.tokens_out > 50
    assert reply.estimated


def test_empty_stream_is_a_failed_reply() -> None:
    reply, _ = call_model([Answer("controller", finish=None)])
    assert (reply.finish, reply.problem) == (FinishReason.FAILED, "the stream was cut off")


@pytest.mark.parametrize("body", ["", "data: [DONE]\n\n", "data: {garbage\n\n", "data: 17\n\n"])
def test_malformed_response_costs_a_try(body: str) -> None:
    reply, _ = call_model([Answer(body=body)])
    assert reply.finish is FinishReason.FAILED
    assert reply.problem


def test_timeout_costs_a_try() -> None:
    reply, _ = call_model([Answer("late", wait=5.0)], timeout=0.3)
    assert reply.finish is FinishReason.FAILED
    assert reply.problem


WRONG = [
    None,
    {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    {"prompt_tokens": -5, "completion_tokens": -7, "total_tokens": -12},
    {"prompt_tokens": 10**12, "completion_tokens": 10**12, "total_tokens": 10**13},
]


@pytest.mark.parametrize("usage", WRONG)
def test_implausible_token_counts_are_estimated(usage: object) -> None:
    reply, _ = call_model([Answer("one two three four " * 40, usage=usage)])
    assert reply.finish is FinishReason.ENDED
    assert reply.estimated
    assert 3500 < reply.tokens_in < 4600
    assert 100 < reply.tokens_out < 300


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_malformed_usage_costs_at_most_a_try() -> None:
    reported: object = {"prompt_tokens": "many", "completion_tokens": None, "total_tokens": []}
    reply, _ = call_model([Answer("one two three four " * 40, usage=reported)])
    assert reply.finish in (FinishReason.ENDED, FinishReason.FAILED)
    assert reply.tokens_in > 3000


def test_hidden_tokens_are_accepted_up_to_the_limit() -> None:
    reported = {"prompt_tokens": 4000, "completion_tokens": 890, "total_tokens": 4890}
    reply, _ = call_model([Answer("short", usage=reported)])
    assert (reply.tokens_out, reply.estimated) == (890, False)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_permanent_error_ends_the_session(status: int) -> None:
    with pytest.raises(ExternalError, match=r"cannot be called: .*no such key"):
        call_model([Answer("no such key", status=status)])


def test_interrupt_is_checked_during_a_reply() -> None:
    def check_interrupt() -> None:
        raise KeyboardInterrupt

    with server([Answer("x" * 100)]) as model_server, pytest.raises(KeyboardInterrupt):
        ChatModel(MODEL, model_server.url, ChatSettings()).reply(CALL, check_interrupt)


def test_unknown_provider_is_rejected_at_once() -> None:
    with pytest.raises((InputError, ExternalError), match="nosuch"):
        ChatModel("nosuch:model", None, ChatSettings())


@pytest.mark.parametrize(
    ("name", "wanted", "sent"),
    [("scripted", 0.3, 0.3), ("gpt-5-mini", 0.3, None), ("gpt-5-mini", 1.0, 1.0),
     ("o1", None, 1.0), ("scripted", None, None)],
)  # fmt: skip
def test_reply_records_the_sent_temperature(
    name: str, wanted: float | None, sent: float | None
) -> None:
    with server([Answer("x")]) as model_server:
        model = ChatModel(f"openai:{name}", model_server.url, ChatSettings())
        reply = model.reply(replace(CALL, temperature=wanted), lambda: None)
    assert reply.temperature == sent == model_server.requests[0].get("temperature")


def test_own_server_has_no_published_price() -> None:
    known = "openai:gpt-4o"
    assert Price(known, {}).charge(1_000_000, 0) == Charge(
        2.5, "published for openai:gpt-4o: 2.5 in"
    )
    assert not Price(known, {}, is_own_server=True).known
    with server([Answer("x" * 400)]) as model_server:
        reply = ChatModel(known, model_server.url, ChatSettings()).reply(CALL, lambda: None)
        assert (reply.usd, reply.price) == (0.0, "")
        priced = ChatModel(known, model_server.url, ChatSettings(prices={known: (1.0, 2.0)}))
        assert priced.reply(CALL, lambda: None).price == "settings: 1.0 in, 2.0 out"


def test_tiered_price_reports_the_rate_that_was_used() -> None:
    short = Price("google_genai:gemini-2.5-pro", {}).charge(1000, 1000)
    long = Price("google_genai:gemini-2.5-pro", {}).charge(900_000, 1000)
    assert short.by != long.by
    assert short.by.startswith("published for google:gemini-2.5-pro: ")

"""A collection from a server that draws a make-believe model: what it records, whatever happens."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from store.answers.extraction import probe_answer
from store.collection import draw_requests
from store.collection.chains import ExistingChain, group_consecutive
from store.collection.collector import Collection, begin_journal
from store.collection.draw_requests import interval_seed, list_prefixes, probe_count, question_seed
from store.collection.preparation import CollectionPlan, prepare_collection
from store.collection.questions import format_prompt
from store.errors import StoreError
from store.reader import open_recording
from store.records import Branch
from store.serving.endpoints import list_endpoints
from store.serving.errors import InconsistentResponse, Refused, ServingError, Unreachable
from store.serving.retries import Limits
from store.serving.vllm_server import VllmServer
from store.writer import RecordingWriter
from tests.store.collection.small import ASKED, DRAWING, READING, SETTINGS, work
from tests.store.serving.scripted import MODEL, Body, Fault, ScriptedServer, serving
from tests.store.serving.scripted_model import REPLY, draw, encode

LIMITS = Limits(patience=2.0, first_wait=0.01, longest_wait=0.05, stall=0.4, whole=0.4)


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with serving(ScriptedServer()) as server:
        yield server


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest of the collection where nothing goes wrong."""
    path = tmp_path_factory.mktemp("undisturbed") / "r"
    with serving(ScriptedServer()) as server:
        return asyncio.run(collect(path, work(), server))


async def collect(
    path: Path,
    wanted: CollectionPlan,
    *servers: ScriptedServer,
    slots: int = 16,
    ranks: int = 1,
    limits: Limits = LIMITS,
) -> str:
    """Collects and seals; gives the digest."""
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(VllmServer(server.url, MODEL, limits=limits))
            for server in servers
        ]
        where = list_endpoints(clients, ranks, slots)
        prepared = await prepare_collection(wanted, where, READING)
        with begin_journal(path, wanted, prepared) as writer:
            await Collection(wanted, prepared, where, READING, writer).run()
            return writer.seal()


def prompt(number: int) -> list[int]:
    """A question's prompt."""
    return encode(format_prompt(ASKED[number].question, None, SETTINGS.instruction) + "\n<reply>")


def drawn_again(number: int, index: int) -> list[int]:
    """A branch's tokens, drawn without a server."""
    seed = question_seed(DRAWING.seed, ASKED[number].id) + index
    return draw(prompt(number), seed, DRAWING.max_tokens).tokens


def test_consecutive_indexes_are_grouped() -> None:
    assert list(group_consecutive([])) == []
    assert list(group_consecutive([3])) == [(3, 1)]
    assert list(group_consecutive([0, 1, 4, 5, 6, 9])) == [(0, 2), (4, 3), (9, 1)]


async def test_recording_contains_the_model_chains_and_answers(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    await collect(tmp_path / "r", work(), scripted)
    recording = open_recording(tmp_path / "r")
    recording.verify()
    assert [question.prompt_ids for question in recording.questions] == [prompt(0), prompt(1)]
    for number in range(2):
        for index, found in enumerate(recording.branches(number)):
            tokens = drawn_again(number, index)
            assert found.token_ids == tokens
            assert found.seed == question_seed(DRAWING.seed, ASKED[number].id) + index
            assert len(found.answers) == probe_count(len(tokens), DRAWING.interval)
            assert found.answers == [
                answer_behind(number, prefix) for prefix in list_prefixes(tokens, 40)
            ]
            assert found.final in ("3", "4", "5", "ERR")


def answer_behind(number: int, prefix: Sequence[int]) -> str:
    """What the model answers when it is made to, without a server."""
    forced = encode(SETTINGS.forcing.ask if 256 in prefix else SETTINGS.forcing.text)
    said = draw([*prompt(number), *prefix, *forced], 0, 8).tokens
    words = bytes(token for token in said if token < 256).decode().partition("\n")[0]
    return probe_answer(words, SETTINGS.forcing.ask, READING.extraction)


async def test_order_grouping_and_servers_do_not_change_the_bytes(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    with serving(ScriptedServer()) as second:
        digests = {
            await collect(tmp_path / "a", work(), scripted),
            await collect(tmp_path / "b", work(group=1), scripted, slots=1),
            await collect(tmp_path / "c", work(group=6), scripted, second, slots=64, ranks=2),
        }
    assert len(digests) == 1


async def test_concurrency_never_exceeds_the_limit(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    scripted.pace = 0.001
    await collect(tmp_path / "r", work(branches=12), scripted, slots=5)
    assert 2 <= scripted.most_at_once <= 5


async def test_probes_go_to_the_engine_that_drew_the_branch(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    await collect(tmp_path / "r", work(), scripted, ranks=3)
    owner: dict[tuple[int, ...], str | None] = {}
    recording = open_recording(tmp_path / "r")
    for seen in scripted.completions:
        if seen.body["temperature"] > 0:
            for child in range(seen.body.get("n", 1)):
                tokens = draw(seen.body["prompt"][0], seen.body["seed"] + child, 200).tokens
                owner[(*seen.body["prompt"][0], *tokens[:40])] = seen.rank
    for seen in scripted.completions:
        if seen.body["temperature"] == 0:
            for asked in seen.body["prompt"]:
                assert seen.rank == owner[tuple(asked[: asked.index(REPLY) + 41])]
            assert "prompt_logprobs" not in seen.body
    assert {seen.rank for seen in scripted.completions} == {"0", "1", "2"}
    assert recording.questions


BREAKS = ["busy", "broken", "truncated", "cut", "abort", "stall", "drip"]
LIES = ["other_model", "no_tokens", "short", "wrong_count", "wrong_prompt", "unasked"]


@pytest.mark.parametrize("fault", BREAKS)
async def test_transient_server_failures_do_not_change_the_recording(
    scripted: ScriptedServer, tmp_path: Path, undisturbed: str, fault: str
) -> None:
    often = 9 if fault in ("stall", "drip") else 3

    def script(number: int, body: Body) -> Fault:
        return fault if number % often == 0 else None

    scripted.fault = script
    assert await collect(tmp_path / "b", work(), scripted) == undisturbed


@pytest.mark.parametrize("fault", LIES)
async def test_inconsistent_responses_are_never_recorded(
    scripted: ScriptedServer, tmp_path: Path, undisturbed: str, fault: str
) -> None:

    def script(number: int, body: Body) -> Fault:
        return fault if number >= 3 else None

    scripted.fault = script
    with pytest.raises(InconsistentResponse, match=scripted.url):
        await collect(tmp_path / "b", work(), scripted)
    with RecordingWriter.resume(tmp_path / "b") as writer:
        assert sum(map(len, writer.recorded_indexes.values())) < 12
    scripted.fault = lambda number, body: None
    assert await collect(tmp_path / "b", work(), scripted) == undisturbed


async def test_server_outage_only_delays_the_collection(
    scripted: ScriptedServer, tmp_path: Path, undisturbed: str
) -> None:
    scripted.fault = lambda number, body: "broken" if number >= 9 else None
    limits = Limits(patience=0.2, first_wait=0.01, longest_wait=0.05)
    with pytest.raises(Unreachable):
        await collect(tmp_path / "b", work(), scripted, limits=limits)
    with RecordingWriter.resume(tmp_path / "b") as writer:
        held = sum(map(len, writer.recorded_indexes.values()))
    assert 0 < held < 12
    scripted.fault, begun = lambda number, body: None, len(scripted.completions)
    assert await collect(tmp_path / "b", work(), scripted) == undisturbed
    again = [seen.body for seen in scripted.completions[begun:] if seen.body["temperature"] > 0]
    assert sum(body.get("n", 1) for body in again) == 12 - held


async def test_an_interrupt_keeps_what_was_recorded(
    scripted: ScriptedServer, tmp_path: Path, undisturbed: str
) -> None:
    scripted.pace = 0.02
    task = asyncio.create_task(collect(tmp_path / "b", work(), scripted, slots=2))
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    scripted.pace = 0.0
    assert await collect(tmp_path / "b", work(), scripted) == undisturbed


async def test_branch_count_can_only_grow_before_sealing(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    scripted.fault = lambda number, body: "refused" if body["temperature"] == 0 else None
    with pytest.raises(Refused):
        await collect(tmp_path / "r", work(branches=9), scripted, slots=1)
    scripted.fault = lambda number, body: None
    async with VllmServer(scripted.url, MODEL) as client:
        prepared = await prepare_collection(work(), list_endpoints([client], 1, 4), READING)
    with begin_journal(tmp_path / "r", work(), prepared) as writer:
        writer.add_branch("a", 7, Branch(answers=[], tokens=1, final="3"))
    with pytest.raises(StoreError, match="contains branch 7 of 'a'"):
        begin_journal(tmp_path / "r", work(branches=7), prepared)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"extraction": "choice"}, "extraction (boxed, now choice)"),
        ({"drawing": msgspec.structs.replace(DRAWING, seed=4)}, "sampling"),
        ({"template": {"enable_thinking": False}}, "template"),
        ({"instruction": "Please."}, "prompt_template"),
    ],
)
async def test_recording_with_other_settings_is_not_resumed(
    scripted: ScriptedServer, tmp_path: Path, changed: dict[str, Any], named: str
) -> None:
    async with VllmServer(scripted.url, MODEL) as client:
        where = list_endpoints([client], 1, 4)
        begin_journal(
            tmp_path / "r", work(), await prepare_collection(work(), where, READING)
        ).close()
        before = (tmp_path / "r").read_bytes()
        other = work(**changed)
        prepared = await prepare_collection(other, where, READING)
        with pytest.raises(StoreError) as refused:
            begin_journal(tmp_path / "r", other, prepared)
    assert named in str(refused.value)
    assert (tmp_path / "r").read_bytes() == before


async def test_other_server_version_does_not_resume(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    async with VllmServer(scripted.url, MODEL) as client:
        where = list_endpoints([client], 1, 4)
        begin_journal(
            tmp_path / "r", work(), await prepare_collection(work(), where, READING)
        ).close()
        scripted.version = "0.0.2"
        prepared = await prepare_collection(work(), where, READING)
        with pytest.raises(StoreError, match=r"vllm 0\.0\.1, now vllm 0\.0\.2"):
            begin_journal(tmp_path / "r", work(), prepared)


async def test_mismatched_servers_are_rejected(scripted: ScriptedServer, tmp_path: Path) -> None:
    with serving(ScriptedServer()) as second:
        second.version = "0.0.2"
        with pytest.raises(Refused, match=second.url):
            await collect(tmp_path / "r", work(), scripted, second)
    assert not (tmp_path / "r").exists()


async def test_context_overflow_is_rejected_before_sampling(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    long = work(drawing=msgspec.structs.replace(DRAWING, max_tokens=4090))
    with pytest.raises(Refused, match="do not fit") as refused:
        await collect(tmp_path / "r", long, scripted)
    assert refused.value.hint is not None
    assert "--max-tokens" in refused.value.hint
    assert not scripted.completions


async def test_stepwise_collection_uses_one_seed_per_interval(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    await collect(tmp_path / "r", work(stepwise=True), scripted)
    recording = open_recording(tmp_path / "r")
    assert recording.provenance.stepwise
    for number, asked in enumerate(ASKED):
        for index, found in enumerate(recording.branches(number)):
            tokens: list[int] = []
            while len(tokens) < 200:
                seed = interval_seed(DRAWING.seed, asked.id, index, len(tokens) // 40)
                piece = draw([*prompt(number), *tokens], seed, 40)
                tokens += piece.tokens
                if piece.finish == "stop":
                    break
            assert found.token_ids == tokens
            assert found.seed is None


async def test_stepwise_requests_match_request_interval(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    await collect(tmp_path / "r", work(branches=1, stepwise=True), scripted)
    tokens = open_recording(tmp_path / "r").branches(0)[0].token_ids
    assert tokens is not None
    made = [
        draw_requests.request_interval(prompt(0), "a", 0, tokens[:index], DRAWING)
        for index in range(0, len(tokens), 40)
    ]
    sent = [seen.body for seen in scripted.completions]
    for request in made:
        assert any(
            (body["prompt"], body.get("seed"), body["max_tokens"])
            == ([list(ids) for ids in request.prompt], request.seed, request.max_tokens)
            for body in sent
        )


async def test_existing_chains_are_only_probed(scripted: ScriptedServer, tmp_path: Path) -> None:
    tokens = drawn_again(0, 0)
    text = "abc </think> \\boxed{5}"
    chains = {
        "a": [ExistingChain(token_ids=tokens, finish="stop"), ExistingChain(text=text)],
        "b": [ExistingChain(text=text)],
    }
    settings = msgspec.structs.replace(SETTINGS, source="chains.jsonl")
    wanted = CollectionPlan(settings, ASKED, 0, chains)
    await collect(tmp_path / "r", wanted, scripted)
    recording = open_recording(tmp_path / "r")
    assert recording.branches(0)[0].token_ids == tokens
    assert recording.branches(1)[0].final == "5"
    assert recording.branches(0)[0].answers == [
        answer_behind(0, prefix) for prefix in list_prefixes(tokens, 40)
    ]
    assert {seen.body["temperature"] for seen in scripted.completions} == {0.0}
    assert recording.provenance.source == "chains.jsonl"
    assert recording.provenance.sampling.temperature is None


async def test_every_signal_can_be_collected(scripted: ScriptedServer, tmp_path: Path) -> None:
    logged = msgspec.structs.replace(DRAWING, logprobs=True)
    await collect(tmp_path / "r", work(drawing=logged, entropy=True, text=True), scripted)
    recording = open_recording(tmp_path / "r")
    recording.verify()
    assert recording.parts >= {
        "entropy", "logprob", "top_logprob", "text", "token_ids", "raw", "final_raw",
        "probe_tokens", "finish", "seed",
    }  # fmt: skip
    for found in recording.branches(0):
        assert found.logprob is not None
        assert len(found.logprob) == len(found.answers) + 1
        assert all(-0.75 <= value <= -0.25 for value in found.logprob)
        assert found.entropy is not None
        assert all(value > 0 for value in found.entropy)


async def test_signals_are_not_requested_by_default(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    await collect(tmp_path / "r", work(token_ids=False), scripted)
    assert all("logprobs" not in seen.body for seen in scripted.completions)
    assert open_recording(tmp_path / "r").parts == {
        "raw", "final_raw", "probe_tokens", "finish", "seed",
    }  # fmt: skip


async def test_single_error_is_raised_instead_of_a_group(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    scripted.fault = lambda number, body: "refused"
    with pytest.raises(ServingError, match="too long"):
        await collect(tmp_path / "r", work(), scripted)

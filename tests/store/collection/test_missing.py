"""Branches that a server cannot give: named, left out where that is allowed, and recorded so."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from store.collection.chains import ExistingChain, read_chains
from store.collection.collector import Collection, begin_journal, is_already_collected
from store.collection.draw_requests import question_seed
from store.collection.preparation import CollectionPlan, CollectionSetup, prepare_collection
from store.errors import SourceError, StoreError
from store.reader import Recording, open_recording
from store.serving.endpoints import list_endpoints
from store.serving.errors import Refused, Unreachable
from store.serving.retries import Limits
from store.serving.vllm_server import VllmServer
from tests.store.collection.small import ASKED, DRAWING, READING, SETTINGS, work
from tests.store.serving.scripted import CONTEXT, MODEL, Body, Fault, ScriptedServer, serving

LIMITS = Limits(patience=0.1, first_wait=0.01, longest_wait=0.02)


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with serving(ScriptedServer()) as server:
        yield server


async def collect(path: Path, wanted: CollectionPlan, server: ScriptedServer) -> Collection:
    """Collects and seals."""
    async with VllmServer(server.url, MODEL, limits=LIMITS) as client:
        where = list_endpoints([client], 1, 16)
        prepared = await prepare_collection(wanted, where, READING)
        with begin_journal(path, wanted, prepared) as writer:
            collection = Collection(wanted, prepared, where, READING, writer)
            await collection.run()
            await collection.seal()
    return collection


async def prepared_by(server: ScriptedServer, wanted: CollectionPlan) -> CollectionSetup:
    async with VllmServer(server.url, MODEL, limits=LIMITS) as client:
        return await prepare_collection(wanted, list_endpoints([client], 1, 16), READING)


def drawing(question: str, *indexes: int, fault: str = "refused") -> Callable[[int, Body], Fault]:
    """Lets every request fail that draws one of these branches."""
    seeds = {question_seed(DRAWING.seed, question) + index for index in indexes}

    def script(number: int, body: Body) -> Fault:
        if body["temperature"] == 0:
            return None
        drawn = range(body["seed"], body["seed"] + body.get("n", 1))
        return fault if any(seed in seeds for seed in drawn) else None

    return script


async def test_error_names_the_rejected_branch(scripted: ScriptedServer, tmp_path: Path) -> None:
    scripted.fault = drawing("b", 2)
    with pytest.raises(Refused, match=r"question 'b', branch 2: .*too long") as refused:
        await collect(tmp_path / "r", work(group=1), scripted)
    assert any("--allow-missing" in note for note in refused.value.__notes__)
    with pytest.raises(Refused, match="question 'b', branches 0 to 3: "):
        await collect(tmp_path / "r", work(group=4), scripted)


async def test_allowed_missing_branches_do_not_change_the_others(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    await collect(tmp_path / "whole", work(), scripted)
    scripted.fault = drawing("a", 1, 4)
    wanted = work()._replace(allow_missing=2)
    found = await collect(tmp_path / "r", wanted, scripted)
    assert [reason.partition(": ")[0] for reason in found.missing.reasons] == [
        "question 'a', branch 1", "question 'a', branch 4",
    ]  # fmt: skip
    whole, lacking = open_recording(tmp_path / "whole"), open_recording(tmp_path / "r")
    lacking.verify()
    assert [question.missing for question in lacking.questions] == [[1, 4], None]
    remaining = [whole.branches(0)[index] for index in (0, 2, 3, 5)]
    assert lacking.branches(0) == remaining
    assert lacking.branches(1) == whole.branches(1)
    assert [lacking.questions[0].branch_index(index) for index in range(4)] == [0, 2, 3, 5]
    assert is_already_collected(tmp_path / "r", wanted, await prepared_by(scripted, wanted))


async def test_too_many_missing_branches_stop_the_collection_and_keep_the_rest(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    scripted.fault = drawing("a", 0, 1, 2)
    with pytest.raises(Refused, match="question 'a', branch "):
        await collect(tmp_path / "r", work()._replace(allow_missing=2), scripted)
    scripted.fault = lambda number, body: None
    await collect(tmp_path / "r", work(), scripted)
    assert [question.missing for question in open_recording(tmp_path / "r").questions] == [
        None,
        None,
    ]


async def test_branch_with_rejected_probes_is_missing(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    probed: list[int] = []

    def script(number: int, body: Body) -> Fault:
        if body["temperature"] == 0 and not probed:
            probed.append(number)
            return "status 400"
        return None

    scripted.fault = script
    await collect(tmp_path / "r", work()._replace(allow_missing=1), scripted)
    missing = [
        index
        for question in open_recording(tmp_path / "r").questions
        for index in question.missing or ()
    ]
    assert len(missing) == 1


async def test_branch_that_crashes_the_server_may_be_missing(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    scripted.fault = drawing("a", 3, fault="status 500")
    with pytest.raises(Unreachable, match="question 'a', branch 3: "):
        await collect(tmp_path / "r", work(group=1), scripted)
    await collect(tmp_path / "r", work(group=3)._replace(allow_missing=1), scripted)
    assert open_recording(tmp_path / "r").questions[0].missing == [3]


async def test_question_without_branches_must_be_removed_from_the_file(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    scripted.fault = drawing("b", 0, 1)
    wanted = work(branches=2)._replace(allow_missing=2)
    with pytest.raises(StoreError, match="no branch of question 'b' could be sampled"):
        await collect(tmp_path / "r", wanted, scripted)
    without = wanted._replace(questions=ASKED[:1])
    await collect(tmp_path / "r", without, scripted)
    assert [question.id for question in open_recording(tmp_path / "r").questions] == ["a"]
    assert is_already_collected(tmp_path / "r", without, await prepared_by(scripted, without))


async def test_the_last_branches_may_be_missing(scripted: ScriptedServer, tmp_path: Path) -> None:
    scripted.fault = drawing("a", 5)
    await collect(tmp_path / "r", work()._replace(allow_missing=1), scripted)
    assert open_recording(tmp_path / "r").questions[0].missing == [5]


def chains(path: Path, lengths: dict[str, list[int]]) -> Path:
    lines = [
        {"id": name, "question": "how many?", "answer": "3",
         "chains": [{"text": "a" * length} for length in tokens]}
        for name, tokens in lengths.items()
    ]  # fmt: skip
    path.write_bytes(b"\n\n".join(msgspec.json.encode(line) for line in lines))
    return path


def probing(path: Path, allow_missing: int = 0) -> CollectionPlan:
    read = read_chains(path)
    settings = msgspec.structs.replace(SETTINGS, source=path.name)
    return CollectionPlan(settings, read.questions, 0, read.chains, 4, allow_missing, read)


async def test_a_chain_longer_than_the_context_is_reported_before_any_request_with_its_position(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    file = chains(tmp_path / "chains.jsonl", {"a": [50, 90], "b": [60, CONTEXT + 1, 70, 9000]})
    with pytest.raises(SourceError) as refused:
        await collect(tmp_path / "r", probing(file), scripted)
    message = str(refused.value)
    assert message.startswith(
        f"{file}, line 3, $.chains[1]: question 'b', branch 1: has 4097 tokens"
    )
    assert message.endswith("2 chains in all are too long")
    assert any("--allow-missing" in note for note in refused.value.__notes__)
    assert not scripted.completions
    assert not (tmp_path / "r").exists()


async def test_chains_longer_than_the_context_may_be_missing(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    file = chains(tmp_path / "chains.jsonl", {"a": [50, 90], "b": [60, CONTEXT + 1, 70, 9000]})
    found = await collect(tmp_path / "r", probing(file, allow_missing=2), scripted)
    assert len(found.missing.reasons) == 2
    recording: Recording = open_recording(tmp_path / "r")
    assert [question.missing for question in recording.questions] == [None, [1, 3]]
    assert [branch.tokens for branch in recording.branches(1)] == [60, 70]


async def test_chain_whose_last_interval_exceeds_the_context_is_probed(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    # The end of a chain is never sent: the last probe is made before it.
    prompt = len(b"how many?\n") + 1
    fits = (CONTEXT - prompt - 100) // 40 * 40
    file = chains(tmp_path / "chains.jsonl", {"a": [fits + 40]})
    await collect(tmp_path / "r", probing(file), scripted)
    sent = max(len(completion.body["prompt"][-1]) for completion in scripted.completions)
    assert sent + SETTINGS.probing.max_tokens <= CONTEXT


async def test_branches_at_temperature_0_are_requested_one_by_one(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    greedy = work(drawing=msgspec.structs.replace(DRAWING, temperature=0.0))
    await collect(tmp_path / "r", greedy, scripted)
    assert {completion.body.get("n", 1) for completion in scripted.completions} == {1}


async def test_too_long_prompt_error_names_the_question(scripted: ScriptedServer) -> None:
    long = msgspec.structs.replace(ASKED[1], question="x" * CONTEXT)
    with pytest.raises(Refused, match="question 'b': its prompt of 4098 tokens") as refused:
        await prepared_by(scripted, work()._replace(questions=[ASKED[0], long]))
    assert "leave the question out" in (refused.value.hint or "")
    assert not scripted.completions


async def test_max_tokens_beyond_the_context_is_rejected_before_tokenising(
    scripted: ScriptedServer,
) -> None:
    long = work(drawing=msgspec.structs.replace(DRAWING, max_tokens=CONTEXT))
    with pytest.raises(Refused, match="whatever the prompt"):
        await prepared_by(scripted, long)
    assert not scripted.seen


def test_chains_need_tokens_or_text(tmp_path: Path) -> None:
    assert ExistingChain(text="a").token_ids is None
    file = chains(tmp_path / "chains.jsonl", {"a": [3], "b": [0]})
    with pytest.raises(SourceError, match=r"line 3, \$\.chains\[0\]"):
        read_chains(file)

"""Signals of a real vLLM server on the CPU: recorded, imported, live and in the sandbox."""

import asyncio
import csv
import io
import json
import math
import operator
import shlex
import sys
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from store.collection.draw_requests import request_token
from store.collection.truth_probe import read_probability
from store.reader import open_recording
from store.serving.retries import Limits
from store.serving.vllm_server import VllmServer
from tests.command_lines import CommandLine
from tests.vllm.conftest import REASONERS
from tests.vllm.reasoners.questions import sums
from tests.vllm.serving import calm

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1200)]

SAMPLED = [
    "--family", "think", "--force-end", "</think>\\n\\n", "--instruction", "", "--interval", "50",
    "--max-tokens", "300", "--branches", "6", "--temperature", "1", "--probe-stop", "}",
    "--equivalence", "exact",
]  # fmt: skip
SEEDS = 2

VOCABULARY = json.loads((REASONERS / "medium" / "config.json").read_text())["vocab_size"]
"""Tokens of the model."""

VOTE = """\
needs self_certainty

controller vote "A weighted vote, with a stop that depends on the weights" {
  start { open 5 }
  step {
    advance active for 2
    prune first 1 of active where count(active) > 2 by (.self_certainty else 0)
  }
  finally { answer winner(alive, weight = (.self_certainty else 0.5)) else winner(opened) }
}
"""
VOTE_IN_PYTHON = """\
def certainty(branch):
    return branch.signal("self_certainty", 0)

def controller(episode, beta):
    episode.open(5)
    for steps in episode.step():
        episode.advance(episode.active, 2)
        if count(episode.active) > 2:
            episode.prune(episode.active.by(certainty).first(1))
    return winner(episode.alive, weight=lambda b: b.signal("self_certainty", 0.5))
"""

JUDGE = """\
import json, sys
for line in sys.stdin:
    print(json.dumps({"score": len(json.loads(line)["text"]) / 7}), flush=True)
"""


class Figures(NamedTuple):
    """What a controller reaches, as means over episodes."""

    accuracy: float
    tokens: float
    sequential: float


@pytest.fixture
def server(medium_url: str) -> list[str]:
    return ["--base-url", medium_url, "--model", "medium"]


@pytest.fixture
def questions(home: Path) -> str:
    """A file of six sums."""
    (home / "sums.jsonl").write_text("".join(json.dumps(task) + "\n" for task in sums(3, 6)))
    return "sums.jsonl"


def collect(cli: CommandLine, server: list[str], questions: str, *more: str) -> None:
    """Collect step by step to ``r.recording``."""
    words = ["collect", *server, *SAMPLED, "--questions", questions, "--stepwise", *more]
    result = cli(*words, "-o", "r.recording")
    assert result.status == 0, result.err


def export_to_jsonl(recording: str, target: str) -> None:
    """Write the branches of a recording as a file for ``import jsonl``."""
    opened = open_recording(recording)
    lines = [
        {
            "id": question.id, "question": question.text, "answer": question.gold,
            "branches": [
                {"tokens": branch.tokens, "final": branch.final, "probes": branch.answers,
                 "finish": branch.finish, "signals": branch.signals}
                for branch in opened.branches(number)
            ],
        }
        for number, question in enumerate(opened.questions)
    ]  # fmt: skip
    Path(target).write_text("".join(json.dumps(line) + "\n" for line in lines))


def swept(cli: CommandLine, controller: str, *more: str) -> Figures:
    """Play a controller over the imported recording."""
    result = cli(
        "sweep", controller, "--on", "imported.recording", "--seeds", str(SEEDS), "--beta", "0",
        "--no-cache", "--csv", "--unsafe-no-docker", *more,
    )  # fmt: skip
    assert result.status == 0, result.err
    (row,) = csv.DictReader(io.StringIO(result.out))
    return Figures(*(float(row[name]) for name in ("accuracy", "cost", "sequential")))


def played_live(cli: CommandLine, server: list[str], controller: str, *more: str) -> Figures:
    """Play a controller on the server, against the collected recording."""
    result = cli(
        "run", controller, *server, "--against", "r.recording", "--seeds", str(SEEDS), "--json",
        *more,
    )  # fmt: skip
    assert result.status == 0, result.err
    assert "12 of 12 episodes match the recording, token by token" in result.err
    rows = json.loads(result.out)
    return Figures(
        100 * sum(row["right"] == "yes" for row in rows) / len(rows),
        sum(row["tokens"] for row in rows) / len(rows),
        sum(row["sequential"] for row in rows) / len(rows),
    )


def test_a_vote_by_a_named_signal_has_the_same_figures_live_imported_and_in_the_sandbox(
    cli: CommandLine, server: list[str], questions: str, home: Path
) -> None:
    collect(cli, server, questions, "--self-certainty")
    (home / "vote.rheo").write_text(VOTE)
    (home / "vote.py").write_text(VOTE_IN_PYTHON)
    live = played_live(cli, server, "vote.rheo")
    assert played_live(cli, server, "vote.py", "--unsafe-no-docker") == live
    export_to_jsonl("r.recording", "chains.jsonl")
    imported = cli(
        "import", "jsonl", "chains.jsonl", "--model", "medium", "--benchmark", "sums",
        "--interval", "50", "-o", "imported.recording",
    )  # fmt: skip
    assert imported.status == 0, imported.err
    assert "signal self_certainty, per interval" in imported.err
    compiled = swept(cli, "vote.rheo", "--engine", "compiled")
    assert compiled == pytest.approx(live, abs=0.5)  # a sweep rounds its figures
    assert swept(cli, "vote.rheo", "--engine", "interpreter") == compiled
    assert swept(cli, "vote.py") == compiled


def test_every_signal_of_the_server_and_a_score_are_recorded_and_read(
    cli: CommandLine, server: list[str], questions: str, home: Path
) -> None:
    (home / "judge.py").write_text(JUDGE)
    collect(
        cli, server, questions, "--logprobs", "--self-certainty", "--mean-logprob",
        "--lowest-group-logprob", "25", "--p-true", "--token-ids", "--text",
        "--scorer", f"reward={shlex.quote(sys.executable)} judge.py",
    )  # fmt: skip
    recording = open_recording("r.recording")
    assert list(recording.provenance.signals) == [
        "lowest_group_logprob", "mean_logprob", "p_true", "reward", "self_certainty",
    ]  # fmt: skip
    for number in range(len(recording.questions)):
        for branch in recording.branches(number):
            signals, logprobs = branch.signals, branch.logprob or []
            assert signals["reward"] == [len(branch.text or "") / 7]
            lengths = [50] * (len(logprobs) - 1) + [branch.tokens - 50 * (len(logprobs) - 1)]
            whole = sum(map(operator.mul, logprobs, lengths)) / branch.tokens
            assert signals["mean_logprob"][-1] == pytest.approx(whole, abs=1e-6)
            assert signals["lowest_group_logprob"][-1] <= whole + 1e-6
            assert all(0 <= value < 30 for value in signals["self_certainty"])
            assert 0 <= signals["p_true"][0] <= 1
    swept = cli("sweep", "cisc", "best_of_n", "--on", "r.recording", "--seeds", "2", "--no-cache")
    assert swept.status == 0, swept.err
    played_live(cli, server, "cisc")


def test_vllm_without_a_server_gives_the_same_signals(
    cli: CommandLine,
    server: list[str],
    questions: str,
    vllm_python: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = ["--p-true", "--lowest-group-logprob", "25", "--branches", "2"]
    collect(cli, server, questions, *wanted)
    for name, value in calm().items():
        monkeypatch.setenv(name, value)
    engine = ["--offline", str(vllm_python), "--model", str(REASONERS / "medium")]
    for pair in ("enforce_eager=true", "dtype=float32", "max_model_len=1024", "block_size=32",
                 "max_num_seqs=64"):  # fmt: skip
        engine += ["--engine-arg", pair]
    words = ["collect", *engine, *SAMPLED, "--questions", questions, "--stepwise", *wanted]
    result = cli(*words, "-o", "offline.recording")
    assert result.status == 0, result.err
    assert Path("offline.recording").read_bytes() == Path("r.recording").read_bytes()


async def test_the_probability_of_an_allowed_token_is_that_among_all_tokens(
    medium_url: str,
) -> None:
    async with VllmServer(medium_url, "medium", limits=Limits()) as client:
        prompt = await client.tokenize("a4,b9,c2,d?")

        async def probability(token: int) -> float:
            (result,) = await client.complete(request_token(prompt, token))
            assert result.token_ids == [token]
            return read_probability(result)

        chances = await asyncio.gather(*map(probability, range(VOCABULARY)))
        assert sum(chances) == pytest.approx(1, abs=1e-3)
        free = msgspec.structs.replace(
            request_token(prompt, 0), logprobs=20, allowed_token_ids=None
        )
        (unconstrained,) = await client.complete(free)
        likeliest = sorted(chances, reverse=True)[:20]
        assert unconstrained.top is not None
        assert likeliest == pytest.approx([math.exp(value) for value in unconstrained.top[0]])

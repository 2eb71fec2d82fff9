"""Live episodes on a real vLLM server on the CPU: those of a stepwise recording, token by token."""

import asyncio
import json
import time
from pathlib import Path

import aiohttp
import pytest

from store.serving.retries import Limits
from store.serving.vllm_server import VllmServer
from tests.command_lines import CommandLine
from tests.harness.proxy.proxies import proxy
from tests.vllm.reasoners.questions import sums

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1200)]

HOW = [
    "--family", "think", "--force-end", "</think>\\n\\n", "--instruction", "", "--interval", "50",
    "--max-tokens", "600", "--branches", "8", "--temperature", "1", "--probe-stop", "}",
]  # fmt: skip

EVERY_VERB = """\
controller every_verb "Opens, extends, probes, prunes and stops early" {
  start { open 4 unseen }
  step {
    extend active for 2
    probe active
    let leader = winner(alive)
    if leader != none { prune active where .answer != leader }
    if count(finished) >= 1 { answer winner(finished) because "one is enough" }
    if empty(active) { stop }
  }
  finally { answer winner(finished) else winner(alive) }
}
"""


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("questions") / "sums.jsonl"
    path.write_text("".join(json.dumps(task) + "\n" for task in sums(3, 6)))
    return path


@pytest.fixture(scope="module")
def server(medium_url: str) -> list[str]:
    return ["--base-url", medium_url, "--model", "medium"]


def test_live_episodes_are_those_of_a_stepwise_recording(
    cli: CommandLine, server: list[str], questions: Path, tmp_path: Path
) -> None:
    recording = str(tmp_path / "s.recording")
    result = cli(
        "collect", *server, *HOW, "--questions", str(questions), "--stepwise", "-o", recording
    )
    assert result.status == 0, result.err
    program = tmp_path / "every_verb.rheo"
    program.write_text(EVERY_VERB)
    for controller in (str(program), "cmc", "parallel_probe", "esc"):
        kept = str(tmp_path / f"{Path(controller).stem}.jsonl")
        result = cli(
            "run", controller, *server, "--against", recording, "--seeds", "2", "--traces", kept
        )
        assert result.status == 0, result.err
        assert "12 of 12 episodes match the recording, token by token" in result.err
        live = cli("trace", "--from", kept, "--question", "4", "--seed", "1", "--json")
        played = cli(
            "trace", controller, "--on", recording, "--question", "4", "--seed", "1", "--json"
        )
        assert json.loads(live.out)["episode"] == json.loads(played.out)["episode"]
    verbs = {
        barrier["verb"]["verb"]
        for line in (tmp_path / "every_verb.jsonl").read_text().splitlines()
        for barrier in json.loads(line)["episode"]["barriers"]
    }
    assert verbs == {"open", "advance", "probe", "prune", "answer"}


def test_a_recording_of_whole_branches_is_a_distribution(
    cli: CommandLine, server: list[str], questions: Path, tmp_path: Path
) -> None:
    recording = str(tmp_path / "w.recording")
    result = cli("collect", *server, *HOW, "--questions", str(questions), "-o", recording)
    assert result.status == 0, result.err
    result = cli("run", "sc", *server, "--against", recording, "--set", "n=4")
    assert result.status == 0, result.err
    assert "live minus replay over 100 seeds" in result.err


async def running(url: str) -> int:
    """Requests that the server works on or keeps waiting, by its own count."""
    async with VllmServer(url, "medium", limits=Limits()) as client:
        page = (await client._read_body("GET", "/metrics", None, None)).decode()
    counts = [
        float(line.rpartition(" ")[2])
        for line in page.splitlines()
        if line.startswith(("vllm:num_requests_running", "vllm:num_requests_waiting{"))
    ]
    assert counts
    return int(sum(counts))


CLIENTS = 1000
"""Clients that leave before they are answered."""


async def test_nothing_runs_on_once_a_thousand_clients_of_the_proxy_have_left(
    medium_url: str,
) -> None:
    more = ["--instruction", "", "--temperature", "1", "--at-once", "20"]
    with proxy(medium_url, *more, model="medium") as found:
        body = {"model": "medium", "messages": [{"role": "user", "content": "a1,b2,c3,d?"}]}
        url = f"{found.url}/chat/completions"
        numbers = iter(range(CLIENTS))
        left = 0

        async def leave(session: aiohttp.ClientSession) -> None:
            nonlocal left
            for number in numbers:
                patience = aiohttp.ClientTimeout(total=0.05 + 0.01 * (number % 20))
                try:
                    async with session.post(url, json=body, timeout=patience) as reply:
                        await reply.read()
                except TimeoutError:
                    left += 1

        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(leave(session) for _ in range(20)))
        assert left > CLIENTS / 2
        deadline = time.monotonic() + 30
        while await running(medium_url):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)

"""Constrained decoding on a real server: whatever ends by itself parses."""

import json
import subprocess
from pathlib import Path
from random import Random

import msgspec
import pytest

from agents.chat.reply_cache import FinishReason, ModelReply
from agents.chat.reply_parsing import parse_constrained_reply
from agents.chat.settings import ChatSettings
from agents.loop.discovery_task import discovery_task_factory
from agents.loop.session import SessionOptions, SessionStatus, run_session
from agents.proposers.registry import ProposerResources, build_proposers
from agents.run.directory import RunDirectory, create_run
from agents.run.records import Decision, ModelOptions, RunLimits
from dsl import library
from dsl.decoding import decoding_grammar
from dsl.parser import parse
from dsl.source import Source
from tests.agents.conftest import recordings, request
from tests.command_lines import CommandLine
from tests.dsl.gbnf import Grammar
from tests.vllm.conftest import plain

__all__ = ["recordings"]  # a fixture of the agents'

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1800)]


BACKENDS = pytest.mark.parametrize("backend", ["xgrammar", "guidance"])


def accepted(python: Path, folder: Path, texts: list[str], backend: str) -> list[bool]:
    """Which texts the grammar takes, by a library that vLLM decodes with."""
    told = folder / "told.json"
    asked = {"grammar": decoding_grammar(), "texts": texts, "backend": backend}
    told.write_text(json.dumps(asked))
    script = str(Path(__file__).parent / "accepted.py")
    ran = subprocess.run([str(python), script, str(told)], check=True, capture_output=True)
    return [bool(load) for load in json.loads(ran.stdout)]


@BACKENDS
def test_every_controller_of_the_library_could_be_decoded(
    vllm_python: Path, tmp_path: Path, backend: str
) -> None:
    texts = [plain(library.load_source(name).text) for name in library.NAMES]
    assert accepted(vllm_python, tmp_path, texts, backend) == [True] * len(texts)


NUMBERS = {
    "1e308": True,
    "1.7976931348623157e+308": True,
    "5e-324": True,
    "1.8e308": False,
    "9223372036854775807": True,
    "9223372036854775808": False,
    "0.1234567890123456": True,
}


@BACKENDS
def test_numbers_up_to_the_largest_can_be_decoded(
    vllm_python: Path, tmp_path: Path, backend: str
) -> None:
    program = "controller c {{ memory {{ m = -{} * 10 }} finally {{ answer none }} }}\n"
    texts = [program.format(number) for number in NUMBERS]
    assert accepted(vllm_python, tmp_path, texts, backend) == list(NUMBERS.values())


@BACKENDS
def test_what_does_not_parse_could_not_be_decoded(
    vllm_python: Path, tmp_path: Path, backend: str
) -> None:
    drawn = Grammar(decoding_grammar())
    texts = [drawn.draw(Random(seed)) for seed in range(60)]
    chance = Random(1)
    torn = []
    for text in texts:
        position = chance.randrange(len(text))
        torn.append(text[:position] + text[position + chance.randint(1, 6) :])
    found = accepted(vllm_python, tmp_path, torn, backend)
    assert found.count(False) > len(torn) // 2
    for text, could in zip(torn, found, strict=True):
        assert not could or not parse(Source(text)).diagnostics, text


def test_a_whole_run_is_decoded_and_every_reply_that_ended_by_itself_parses(
    vllm_url: str, recordings: list[Path], tmp_path: Path
) -> None:
    asking = ModelOptions(base_url=vllm_url, reply_tokens=600, constrained=True)
    asked = request(
        recordings,
        proposers=["chat:openai:tiny"],
        asking=asking,
        caps=RunLimits(rounds=2),
        per_round=3,
    )
    run = create_run(tmp_path / "run", asked)
    means = ProposerResources(run, asking, ChatSettings())

    def finish(run: RunDirectory, candidate: str | None, decision: Decision | None) -> None:
        pass

    made = build_proposers(asked.proposers, means)
    assert (
        run_session(
            run, discovery_task_factory(made), finish, SessionOptions(workers=1, wait=False)
        ).end
        is SessionStatus.ENDED
    )
    ended = 0
    for path in sorted((run.path / "replies").glob("*.json")):
        reply = run.read(f"replies/{path.name}", _KeptReply).reply
        assert reply.finish in (FinishReason.ENDED, FinishReason.CUT), reply.problem
        assert not reply.estimated
        if reply.finish is FinishReason.ENDED:
            ended += 1
            program = parse_constrained_reply(reply.text)
            assert program.words
            assert not parse(Source(program.source)).diagnostics, reply.text
    assert ended >= 5
    assert run.summaries()[0].usage.tokens_in > 3000


def test_the_command_finds_out_what_the_server_can_do(
    cli: CommandLine, vllm_url: str, recordings: list[Path], tmp_path: Path
) -> None:
    words = ["discover", "--on", *map(str, recordings), "--base-url", vllm_url]
    model = ["--proposer", "chat:openai:tiny", "--rounds", "1", "--per-round", "1"]
    result = cli(*words, *model, "--run", str(tmp_path / "long"), "--reply-tokens", "20000")
    assert "has a context of 24,576 tokens" in result.err
    result = cli(*words, "--proposer", "chat:openai:big", "--run", str(tmp_path / "big"))
    assert (result.status, "does not serve the model big" in result.err) == (2, True)
    result = cli(*words, *model, "--run", str(tmp_path / "run"), "--reply-tokens", "400")
    assert result.status == 0, result.err
    document = json.loads((tmp_path / "run" / "request.json").read_text())
    assert document["asking"]["constrained"] is True


class _KeptReply(msgspec.Struct):
    """A call and its reply, as far as is looked at here."""

    reply: ModelReply

"""Asks a server for chains of thought and for forced answers, over HTTP."""

import json
import re
import urllib.request
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple, TypeVar

import msgspec

from tests.vllm.reasoners.chains import CLOSING, FORCING

LONGEST = 600
"""Tokens that a chain may have. The longest that was taught has 390 and its answer 12."""

PATIENCE = 300.0
"""Seconds to wait for a reply."""

Reply = TypeVar("Reply")


class Sampled(msgspec.Struct, frozen=True):
    """A chain of thought that a server sampled."""

    text: str

    token_ids: list[int]
    """Its tokens, from after ``<think>``."""

    @property
    def answer(self) -> str | None:
        """What is boxed after the thought, if it ended."""
        found = re.search(r"</think>.*\\boxed\{([^}]*)\}", self.text, re.DOTALL)
        return found[1] if found else None


class Completions(msgspec.Struct):
    """What a server replies to a prompt."""

    choices: list[Sampled]


class Tokens(msgspec.Struct):
    """What a server replies to a text, or to a chat."""

    tokens: list[int]


class Reasoner(NamedTuple):
    """A model behind a server."""

    url: str
    """The server's interface; it ends in ``/v1``."""

    model: str

    def asked(self, path: str, reply: type[Reply], **words: object) -> Reply:
        """What the server replies to a request, read."""
        body = json.dumps({"model": self.model, **words}).encode()
        root = self.url if path != "tokenize" else self.url.removesuffix("/v1")
        request = urllib.request.Request(
            f"{root}/{path}", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return msgspec.json.decode(answer.read(), type=reply)

    def tokens(self, text: str) -> list[int]:
        """The tokens of a text as it stands."""
        return self.asked("tokenize", Tokens, prompt=text, add_special_tokens=False).tokens

    def prompt(self, question: str) -> list[int]:
        """The tokens of a question, up to the opened thought."""
        messages = [{"role": "user", "content": question}]
        return self.asked("tokenize", Tokens, messages=messages).tokens

    def chains(self, question: str, count: int, temperature: float, seed: int) -> list[Sampled]:
        """Chains of thought about a question, sampled."""
        return self.asked(
            "completions", Completions, prompt=self.prompt(question), n=count, seed=seed,
            temperature=temperature, max_tokens=LONGEST, return_token_ids=True,
        ).choices  # fmt: skip

    def thoughts(self, chains: Sequence[Sampled]) -> list[list[int]]:
        """The tokens of chains, without the answer that follows the thought."""
        end = self.tokens(FORCING)[0]
        return [list(takewhile(lambda token: token != end, chain.token_ids)) for chain in chains]

    def forced(self, question: str, thoughts: Sequence[Sequence[int]]) -> list[str]:
        """The answers that the model holds after these parts of thoughts, each forced greedily."""
        begun, suffix = self.prompt(question), self.tokens(FORCING)
        prompts = [[*begun, *thought, *suffix] for thought in thoughts]
        replied = self.asked(
            "completions", Completions, prompt=prompts, temperature=0, max_tokens=64,
            stop=CLOSING, return_token_ids=True,
        )  # fmt: skip
        return [choice.text for choice in replied.choices]


def voted(answers: Sequence[str | None]) -> str | None:
    """The answer that most gave; of several, the one given first. None, if none gave any."""
    given = Counter(answer for answer in answers if answer is not None)
    return given.most_common(1)[0][0] if given else None

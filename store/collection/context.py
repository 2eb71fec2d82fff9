"""Whether a server can do what is requested, and prompts fit its context: before any is drawn.

vLLM lowers a ``max_tokens`` that goes beyond the context and reports nothing but "length", so what
does not fit is found here.
"""

from typing import NamedTuple

from store.collection.draw_requests import probe_count
from store.collection.settings import Settings
from store.collection.truth_probe import TruthTokens
from store.forcing import ForcingTokens
from store.serving.engine import LLAMA_CPP, Served
from store.serving.errors import Refused
from store.serving.llama_cpp.grammars import UnsupportedConstraint, write_grammar
from store.serving.requests import Structured


class Context(NamedTuple):
    """A model's context, and what of it probes need."""

    served: Served
    address: str
    """The server's, for messages."""
    probing: int
    """Tokens of a probe after its prefix: the forcing and the answer."""
    interval: int
    truth: int = 0
    """Tokens after a whole branch: the end of its thinking, the question of P(True), the reply."""

    def refuse_prompt(self, question: str, prompt: int, longest: int) -> None:
        """Refuse a question whose branches, or probes of them, may not fit.

        Args:
            question: the question's id.
            prompt: tokens of its prompt.
            longest: tokens of the longest branch.

        Raises:
            Refused: they may not.
        """
        room, probing = self.served.context - prompt, max(self.probing, self.truth)
        if longest + probing <= room:
            return
        most = room - probing
        raise Refused(
            f"question {question!r}: its prompt of {prompt} tokens leaves {max(0, room)} of a"
            f" context of {self.served.context}, and branches of up to {longest} with"
            f" {probing} more for a probe do not fit",
            address=self.address,
            hint=(
                f"set --max-tokens to {most} or less, or serve a longer context"
                if most > 0
                else "leave the question out, or serve a longer context"
            ),
        )

    def chain_problem(self, prompt: int, tokens: int) -> str | None:
        """Describe why an existing chain cannot be probed to its end; ``None`` where it can.

        Args:
            prompt: tokens of the question's prompt.
            tokens: of the chain.
        """
        last = probe_count(tokens, self.interval) * self.interval
        after_prompt = max(
            last + self.probing if last else 0, tokens + self.truth if self.truth else 0
        )
        needed = prompt + after_prompt
        if not after_prompt or needed <= self.served.context:
            return None
        return (
            f"has {tokens} tokens, and its last probe needs {needed} of a context of"
            f" {self.served.context}"
        )


def make_context(
    settings: Settings,
    forced: ForcingTokens,
    served: Served,
    address: str,
    truth: TruthTokens | None = None,
) -> Context:
    """Return the context of a model, with the tokens that probes of these settings need.

    Args:
        settings: collection settings.
        forced: tokens forced before an answer.
        served: what the server serves.
        address: address of the server, for errors.
        truth: the question that follows a whole branch, if there is one.
    """
    probing = len(forced.both) + settings.probing.max_tokens
    interval = settings.drawing.interval
    return Context(served, address, probing, interval, count_truth_tokens(forced, truth))


def count_truth_tokens(forced: ForcingTokens, truth: TruthTokens | None) -> int:
    """Return how many tokens may follow a whole branch: the question of P(True) and its reply.

    Args:
        forced: tokens forced before an answer.
        truth: the question, if there is one.
    """
    return 0 if truth is None else len(forced.end) + truth.longest


def refuse_unsupported(settings: Settings, served: Served, address: str) -> None:
    """Reject settings that the server cannot follow, before anything is tokenised.

    Args:
        settings: collection settings.
        served: what the server serves.
        address: address of the server, for errors.

    Raises:
        Refused: ``max_tokens`` and a probe leave no token for a prompt, or the constraint of probes
            cannot be written for the server.
    """
    _refuse_max_tokens(settings, served, address)
    if served.engine == LLAMA_CPP and settings.probing.regex is not None:
        try:
            write_grammar(Structured(regex=settings.probing.regex))
        except UnsupportedConstraint as error:
            raise Refused(
                f"--probe-regex: {error}",
                address=address,
                hint="llama.cpp constrains replies by a grammar; use a simpler expression",
            ) from error


def _refuse_max_tokens(settings: Settings, served: Served, address: str) -> None:
    longest, probing = settings.drawing.max_tokens, settings.probing.max_tokens
    if settings.source is None and longest + probing >= served.context:
        raise Refused(
            f"branches of up to {longest} tokens with {probing} more for a probe do not fit a"
            f" context of {served.context}, whatever the prompt",
            address=address,
            hint=(
                f"set --max-tokens below {max(1, served.context - probing)}, with room for the"
                " prompt, or serve a longer context"
            ),
        )

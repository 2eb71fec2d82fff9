"""The proposer ``chat``: a language model that reads the brief and writes programs.

The candidates of a round are requested concurrently, each at its own temperature. A reply without a
program costs a try; the next message explains the problem to the model.
"""

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from agents.chat import prompts
from agents.chat.client import ModelClient
from agents.chat.edits import EditMismatch, apply_edits
from agents.chat.reply_cache import ChatMessage, FinishReason, ModelCall, ModelReply
from agents.chat.reply_parsing import (
    ParsedEdits,
    ParsedProgram,
    parse_constrained_reply,
    parse_reply,
)
from agents.feedback.brief import Brief
from agents.proposers import ProposalBatch
from agents.run.records import ControllerLanguage, Proposal
from agents.search.bench_protocol import Bench

MAX_QUOTED_CHARACTERS = 4000
"""The most characters of a reply without a program that the next request quotes."""


class _Conversation:
    """A conversation with the model that should end with a program."""

    def __init__(self, messages: Sequence[ChatMessage], temperature: float | None, number: int):
        self.messages = list(messages)
        self.temperature = temperature
        self.number = number
        self.attempt = 0
        self.proposal: Proposal | None = None

    def add_answer(self, reply: ModelReply, answer: str) -> None:
        """Add an answer to a reply; an empty answer repeats the request."""
        if answer:
            quoted = reply.text.strip()[:MAX_QUOTED_CHARACTERS] or "(nothing)"
            self.messages += [ChatMessage("assistant", quoted), ChatMessage("user", answer)]
        self.attempt += 1


class ChatProposer:
    """Proposer ``chat``; see the module docstring.

    Args:
        client: The model, with its options and its reply cache.
    """

    def __init__(self, client: ModelClient):
        self.name = client.name
        self._client = client

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        """See `agents.proposers.Proposer`."""
        opening = self._opening(brief, bench)
        conversations = [
            _Conversation(opening, self._client.temperature(number), number)
            for number in range(bench.most)
        ]
        return self._converse(conversations, brief, bench)

    def repair(
        self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench
    ) -> ProposalBatch:
        """Ask for a repair of one program.

        Args:
            brief: Brief of the round.
            failed: The program that did not check.
            diagnostics: The checker's messages.
            bench: Bench of the round.
        """
        prompt = prompts.repair_prompt(
            failed.source,
            diagnostics,
            constrained=self._client.options.constrained,
            language=bench.language,
        )
        messages = [
            *self._opening(brief, bench),
            ChatMessage("assistant", failed.words or "Here is a program."),
            ChatMessage("user", prompt),
        ]
        # The number of tries separates repairs with the same program and messages in the cache.
        conversation = _Conversation(messages, self._client.temperature(bench.tries), bench.tries)
        return self._converse([conversation], brief, bench, repaired=failed)

    def _opening(self, brief: Brief, bench: Bench) -> list[ChatMessage]:
        return prompts.opening_messages(
            brief,
            constrained=self._client.options.constrained,
            free_knobs=bench.free_knobs,
            language=bench.language,
        )

    def _converse(
        self,
        conversations: Sequence[_Conversation],
        brief: Brief,
        bench: Bench,
        repaired: Proposal | None = None,
    ) -> ProposalBatch:
        caller = self._client.caller(bench)
        counts: Counter[str] = Counter()
        open_conversations = list(conversations)
        for _ in range(bench.tries):
            replies = caller.ask([self._call(conversation) for conversation in open_conversations])
            continuing = []
            for conversation, reply in zip(open_conversations, replies, strict=True):
                if reply is None:
                    counts["withheld"] += 1
                elif (
                    answer := self._handle_reply(conversation, reply, brief, bench.language, counts)
                ) is not None:
                    conversation.add_answer(reply, answer)
                    continuing.append(conversation)
            open_conversations = continuing
            if not open_conversations:
                break
        if repaired is None:
            caller.require_reply(self.name)
        caller.conclude()
        return ProposalBatch(
            _unique_proposals(conversations),
            usage=caller.usage,
            search={"calls": caller.calls, **counts},
        )

    def _call(self, conversation: _Conversation) -> ModelCall:
        from dsl.decoding import decoding_grammar

        constrained = self._client.options.constrained
        return self._client.call(
            conversation.messages,
            temperature=conversation.temperature,
            grammar=decoding_grammar(prompts.MAX_REASON_LINES) if constrained else "",
            number=conversation.number,
            attempt=conversation.attempt,
        )

    def _handle_reply(
        self,
        conversation: _Conversation,
        reply: ModelReply,
        brief: Brief,
        language: ControllerLanguage,
        counts: Counter[str],
    ) -> str | None:
        """Handle a reply; return the answer to it, or ``None`` where it contains a program."""
        counts["estimated usage"] += reply.estimated
        if reply.finish is FinishReason.FAILED:
            counts["failed"] += 1
            return ""
        if reply.finish is FinishReason.CUT:
            counts["cut off"] += 1
            return prompts.cut_off_prompt(self._client.options.reply_tokens)
        parsed = (
            parse_constrained_reply(reply.text)
            if self._client.options.constrained
            else parse_reply(reply.text, language)
        )
        if parsed is None:
            counts["refused" if reply.finish is FinishReason.REFUSED else "no program"] += 1
            return prompts.no_program_prompt(language)
        if isinstance(parsed, ParsedEdits):
            return self._handle_edits(conversation, parsed, brief, language, counts, reply)
        counts["programs"] += 1
        self._keep(
            conversation, parsed, [_most_similar_program(parsed.source, brief)], language, reply
        )
        return None

    def _handle_edits(
        self,
        conversation: _Conversation,
        parsed: ParsedEdits,
        brief: Brief,
        language: ControllerLanguage,
        counts: Counter[str],
        reply: ModelReply,
    ) -> str | None:
        programs = [
            program for program in prompts.select_programs(brief) if program.language is language
        ]
        name = parsed.base or (programs[0].name if programs else "")
        base = next((program for program in programs if program.name == name), None)
        if base is None:
            counts["edits of nothing"] += 1
            return prompts.unknown_base_prompt(name, programs, language)
        edited = apply_edits(base.source, parsed.edits)
        if isinstance(edited, EditMismatch):
            counts["edits that do not apply"] += 1
            return prompts.edit_mismatch_prompt(name, edited)
        counts["edits"] += 1
        self._keep(conversation, ParsedProgram(edited, parsed.words), [name], language, reply)
        return None

    def _keep(
        self,
        conversation: _Conversation,
        program: ParsedProgram,
        parents: list[str],
        language: ControllerLanguage,
        reply: ModelReply,
    ) -> None:
        conversation.proposal = Proposal(
            source=program.source,
            language=language,
            words=program.words,
            parents=[parent for parent in parents if parent],
            tries=conversation.attempt + 1,
            temperature=reply.temperature,
        )


def _unique_proposals(conversations: Sequence[_Conversation]) -> list[Proposal]:
    """Return the programs of the conversations without duplicates."""
    proposals = {
        conversation.proposal.source: conversation.proposal
        for conversation in conversations
        if conversation.proposal is not None
    }
    return list(proposals.values())


def _most_similar_program(source: str, brief: Brief) -> str:
    """Return the name of the most similar program of the brief, which counts as the parent."""

    def likeness(other: str) -> float:
        return SequenceMatcher(None, source.split(), other.split(), autojunk=False).ratio()

    programs = prompts.select_programs(brief)
    return max(programs, key=lambda program: likeness(program.source)).name if programs else ""

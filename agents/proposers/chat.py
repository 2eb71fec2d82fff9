"""The proposer ``chat``: a language model that is told the brief and writes programs.

A round's candidates are asked for side by side, each at a temperature of its own. A reply without a
program costs a try, and the model is told what was wrong with it.
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
"""Characters of a reply without a program that the model is shown again."""


class _Conversation:
    """A conversation that is to end in a program."""

    def __init__(self, messages: Sequence[ChatMessage], temperature: float | None, number: int):
        self.messages = list(messages)
        self.temperature = temperature
        self.number = number
        self.attempt = 0
        self.proposal: Proposal | None = None

    def goes_on(self, reply: ModelReply, told: str) -> None:
        """Answers a reply; an empty answer asks for the same again."""
        if told:
            said = reply.text.strip()[:MAX_QUOTED_CHARACTERS] or "(nothing)"
            self.messages += [ChatMessage("assistant", said), ChatMessage("user", told)]
        self.attempt += 1


class ChatProposer:
    """See the module.

    Args:
        client: the model, and how it is asked.
    """

    def __init__(self, client: ModelClient):
        self.name = client.name
        self._client = client

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        """See `agents.proposers.Proposer`."""
        opening = self._opening(brief, bench)
        talks = [
            _Conversation(opening, self._client.temperature(number), number)
            for number in range(bench.most)
        ]
        return self._talked(talks, brief, bench)

    def repair(
        self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench
    ) -> ProposalBatch:
        """See `agents.proposers.Proposer`."""
        told = prompts.repair_prompt(
            failed.source,
            diagnostics,
            constrained=self._client.options.constrained,
            language=bench.language,
        )
        messages = [
            *self._opening(brief, bench),
            ChatMessage("assistant", failed.words or "Here is a program."),
            ChatMessage("user", told),
        ]
        # Each mending is another call, though the program and the messages be the same.
        talk = _Conversation(messages, self._client.temperature(bench.tries), bench.tries)
        return self._talked([talk], brief, bench, mending=failed)

    def _opening(self, brief: Brief, bench: Bench) -> list[ChatMessage]:
        return prompts.opening_messages(
            brief,
            constrained=self._client.options.constrained,
            free_knobs=bench.free_knobs,
            language=bench.language,
        )

    def _talked(
        self,
        talks: Sequence[_Conversation],
        brief: Brief,
        bench: Bench,
        mending: Proposal | None = None,
    ) -> ProposalBatch:
        asker = self._client.caller(bench)
        counts: Counter[str] = Counter()
        going = list(talks)
        for _ in range(bench.tries):
            replies = asker.ask([self._call(talk) for talk in going])
            still = []
            for talk, reply in zip(going, replies, strict=True):
                if reply is None:
                    counts["withheld"] += 1
                elif (told := self._heard(talk, reply, brief, bench.language, counts)) is not None:
                    talk.goes_on(reply, told)
                    still.append(talk)
            going = still
            if not going:
                break
        if mending is None:
            asker.require_reply(self.name)
        asker.conclude()
        return ProposalBatch(
            _unique_proposals(talks), usage=asker.usage, search={"calls": asker.calls, **counts}
        )

    def _call(self, talk: _Conversation) -> ModelCall:
        from dsl.decoding import decoding_grammar

        constrained = self._client.options.constrained
        return self._client.call(
            talk.messages,
            temperature=talk.temperature,
            grammar=decoding_grammar(prompts.MAX_REASON_LINES) if constrained else "",
            number=talk.number,
            attempt=talk.attempt,
        )

    def _heard(
        self,
        talk: _Conversation,
        reply: ModelReply,
        brief: Brief,
        language: ControllerLanguage,
        counts: Counter[str],
    ) -> str | None:
        """Handle a reply; what to say to it, or ``None`` where it holds a program."""
        counts["estimated usage"] += reply.estimated
        if reply.finish is FinishReason.FAILED:
            counts["failed"] += 1
            return ""
        if reply.finish is FinishReason.CUT:
            counts["cut off"] += 1
            return prompts.cut_off_prompt(self._client.options.reply_tokens)
        found = (
            parse_constrained_reply(reply.text)
            if self._client.options.constrained
            else parse_reply(reply.text, language)
        )
        if found is None:
            counts["refused" if reply.finish is FinishReason.REFUSED else "no program"] += 1
            return prompts.no_program_prompt(language)
        if isinstance(found, ParsedEdits):
            return self._edited(talk, found, brief, language, counts, reply)
        counts["programs"] += 1
        self._keep(talk, found, [_most_similar_program(found.source, brief)], language, reply)
        return None

    def _edited(
        self,
        talk: _Conversation,
        found: ParsedEdits,
        brief: Brief,
        language: ControllerLanguage,
        counts: Counter[str],
        reply: ModelReply,
    ) -> str | None:
        programs = [each for each in prompts.select_programs(brief) if each.language is language]
        name = found.base or (programs[0].name if programs else "")
        base = next((each for each in programs if each.name == name), None)
        if base is None:
            counts["edits of nothing"] += 1
            return prompts.unknown_base_prompt(name, programs, language)
        made = apply_edits(base.source, found.edits)
        if isinstance(made, EditMismatch):
            counts["edits that do not apply"] += 1
            return prompts.edit_mismatch_prompt(name, made)
        counts["edits"] += 1
        self._keep(talk, ParsedProgram(made, found.words), [name], language, reply)
        return None

    def _keep(
        self,
        talk: _Conversation,
        found: ParsedProgram,
        parents: list[str],
        language: ControllerLanguage,
        reply: ModelReply,
    ) -> None:
        talk.proposal = Proposal(
            source=found.source,
            language=language,
            words=found.words,
            parents=[each for each in parents if each],
            tries=talk.attempt + 1,
            temperature=reply.temperature,
        )


def _unique_proposals(talks: Sequence[_Conversation]) -> list[Proposal]:
    """Return what came of the talks, each program once."""
    found = {each.proposal.source: each.proposal for each in talks if each.proposal is not None}
    return list(found.values())


def _most_similar_program(source: str, brief: Brief) -> str:
    """Return the program that was shown and is most like this one: it was made from that."""

    def likeness(other: str) -> float:
        return SequenceMatcher(None, source.split(), other.split(), autojunk=False).ratio()

    shown = prompts.select_programs(brief)
    return max(shown, key=lambda each: likeness(each.source)).name if shown else ""

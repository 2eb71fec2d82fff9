"""Texts of models and agents: guidelines as a list, trials as allocations in Rheo.

This module renders the task, parses the reply, and encodes the guidelines that a proposer keeps
between rounds.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from agents.allocation.choices import format_allocation, parse_choices
from agents.allocation.proposers import SuggestionBatch, TrialBench, TrialSuggestion
from agents.allocation.proposers.published_trials import next_first_trial
from agents.chat.reply_parsing import without_thoughts
from agents.prompt_templates import TemplateFolder
from dsl.diagnostics import DslError
from harness.errors import InputError

render_template = TemplateFolder("agents.allocation")

MAX_GUIDELINES = 20
"""Maximum number of guidelines to keep."""

_FENCE = re.compile(r"^[ \t]*```[^\n]*\n(.*?)^[ \t]*```", re.DOTALL | re.MULTILINE)
_ITEM = re.compile(r"^[ \t]*(?:[-*•]|\d+[.)])[ \t]+(.+)$", re.MULTILINE)


class ParsedTrials(NamedTuple):
    """Parsed content of a text."""

    guidelines: list[str]
    trials: list[TrialSuggestion]
    dropped: list[str]
    """Why allocations in it cannot be tried, one sentence each."""


def format_task(bench: TrialBench) -> str:
    """Format the task with an example allocation."""
    pipeline, budget = bench.space.pipeline, bench.space.budget
    example = format_allocation(pipeline, budget, bench.space.least, "first")
    return render_template("task", most=bench.most, budget=f"{budget:g}", example=example)


def parse_trials(text: str, bench: TrialBench) -> ParsedTrials:
    """Parse guidelines and trials; drop and report what cannot be tried."""
    text = without_thoughts(text.replace("\r\n", "\n"))
    prose = _FENCE.sub("\n", text)
    _, _, section = prose.partition("uidelines")
    items = _ITEM.findall(section or prose)
    guidelines = [item.strip() for item in items][:MAX_GUIDELINES]
    tried = {trial.choices for trial in bench.trials}
    trials: list[TrialSuggestion] = []
    dropped: list[str] = []
    sources = [part for block in _FENCE.findall(text) for part in _split(block)] or _split(text)
    for number, source in enumerate(sources, start=1):
        name = f"allocation {number}"
        try:
            choices = parse_choices(bench.space.pipeline, source, name)
            infeasible = bench.space.infeasibility(choices)
        except (DslError, InputError) as problem:
            dropped.append(str(problem))
            continue
        if choices in tried:
            dropped.append(f"{name}: was already tried")
        elif infeasible:
            dropped.append(f"{name}: {infeasible}")
        else:
            tried.add(choices)
            trials.append(TrialSuggestion(choices, _parse_title(source)))
    return ParsedTrials(guidelines, trials, dropped)


def suggest_first_trials(bench: TrialBench) -> SuggestionBatch | None:
    """Suggest the published first trials, which need no model; ``None`` after they are done."""
    opening = next_first_trial(bench.space, bench.trials, bench.planned)
    if opening is None:
        return None
    return SuggestionBatch([opening], search={"phase": "first trials"})


def _split(text: str) -> Sequence[str]:
    """Split a text into its allocations."""
    starts = [match.start() for match in re.finditer(r"^[ \t]*allocation\b", text, re.MULTILINE)]
    return [_cut_at_closing_brace(text[start:end]) for start, end in pairwise([*starts, len(text)])]


def _cut_at_closing_brace(text: str) -> str:
    """Cut a text after its first block's closing brace."""
    depth = 0
    for index, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if sign == "}" and depth == 0:
            return text[: index + 1] + "\n"
    return text


def _parse_title(source: str) -> str:
    """Return the title that follows an allocation's name."""
    match = re.match(r'\s*allocation\s+\w+\s+"([^"\n]*)"', source)
    return match.group(1) if match else ""


def encode_guidelines(guidelines: Sequence[str]) -> bytes:
    """Encode guidelines as a proposer's state."""
    return msgspec.json.encode(list(guidelines))


def decode_guidelines(state: bytes | None) -> list[str]:
    """Decode the guidelines of a state."""
    return [] if state is None else msgspec.json.decode(state, type=list[str])

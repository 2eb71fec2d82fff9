"""What language models and agents write: guidelines as a list, trials as allocations of Rheo."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from agents.allocation.proposers import Suggested, Suggestions, TrialBench
from agents.allocation.proposers.rules import next_opening
from agents.allocation.reading import choices_of, text_of
from agents.chat.thoughts import without_thoughts
from agents.pages import Pages
from dsl.diagnostics import DslError
from harness.errors import InputError

page = Pages("agents.allocation")

MOST_GUIDELINES = 20
"""Sentences that are kept."""

_FENCE = re.compile(r"^[ \t]*```[^\n]*\n(.*?)^[ \t]*```", re.DOTALL | re.MULTILINE)
_ITEM = re.compile(r"^[ \t]*(?:[-*•]|\d+[.)])[ \t]+(.+)$", re.MULTILINE)


class Written(NamedTuple):
    """What was read of a text."""

    guidelines: list[str]
    trials: list[Suggested]
    dropped: list[str]
    """Why allocations in it cannot be tried, a sentence each."""


def task(bench: TrialBench) -> str:
    """What is asked for, with an allocation as an example."""
    pipeline, budget = bench.space.pipeline, bench.space.budget
    example = text_of(pipeline, budget, bench.space.least, "first")
    return page("task", most=bench.most, budget=f"{budget:g}", example=example)


def read(text: str, bench: TrialBench) -> Written:
    """Reads guidelines and trials; what cannot be tried is dropped and told."""
    text = without_thoughts(text.replace("\r\n", "\n"))
    outside = _FENCE.sub("\n", text)
    _, _, behind = outside.partition("uidelines")
    items = _ITEM.findall(behind or outside)
    guidelines = [each.strip() for each in items][:MOST_GUIDELINES]
    met = {each.choices for each in bench.seen}
    trials: list[Suggested] = []
    dropped: list[str] = []
    sources = [each for block in _FENCE.findall(text) for each in _split(block)] or _split(text)
    for number, source in enumerate(sources, start=1):
        name = f"allocation {number}"
        try:
            choices = choices_of(bench.space.pipeline, source, name)
            cost = bench.space.cost(choices)
        except (DslError, InputError) as problem:
            dropped.append(str(problem))
            continue
        if choices in met:
            dropped.append(f"{name}: was tried already")
        elif not bench.space.affords(choices):
            dropped.append(f"{name}: costs {cost:.4g}, and the budget is {bench.space.budget:g}")
        else:
            met.add(choices)
            trials.append(Suggested(choices, _title(source)))
    return Written(guidelines, trials, dropped)


def first_trials(bench: TrialBench) -> Suggestions | None:
    """The published first trials, which need nobody to think; ``None`` where they are over."""
    opening = next_opening(bench.space, bench.seen, bench.planned)
    if opening is None:
        return None
    return Suggestions([opening], search={"phase": "first trials"})


def _split(text: str) -> Sequence[str]:
    """The allocations of a text, which may hold several."""
    starts = [each.start() for each in re.finditer(r"^[ \t]*allocation\b", text, re.MULTILINE)]
    return [_to_its_end(text[start:end]) for start, end in pairwise([*starts, len(text)])]


def _to_its_end(text: str) -> str:
    """A text up to the brace that closes its first."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if sign == "}" and depth == 0:
            return text[: at + 1] + "\n"
    return text


def _title(source: str) -> str:
    """What an allocation says of itself, behind its name."""
    found = re.match(r'\s*allocation\s+\w+\s+"([^"\n]*)"', source)
    return found.group(1) if found else ""

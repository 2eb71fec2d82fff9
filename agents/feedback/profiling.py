"""The line profile of any program on what a round shows, as text."""

from hashlib import sha256

from agents.feedback.closely import Closely, stages
from agents.feedback.listing import legend, listing
from agents.search.arena import Arena
from agents.search.measures import Shown
from dsl.program import load
from dsl.schedule import evaluate
from dsl.source import Source
from harness.engines import Rules
from harness.request.configured import Configured
from harness.request.controllers import Program


def line_profile(arena: Arena, shown: Shown, source: str, beta: float) -> str:
    """A program with what each line does behind it.

    Args:
        arena: the search set.
        shown: the part of it that counts.
        source: a program that checks.
        beta: where it is looked at.

    Raises:
        InputError: a recording lacks something that it needs.
    """
    checked = load(Source(source, "candidate.rheo"))
    program = Program(checked.name, checked, sha256(source.encode()).hexdigest(), checked.name)
    rules = Rules(arena.request.budget, arena.request.kappa)
    plan = Configured(program, beta, evaluate(checked, beta), {}, rules)
    look = [Closely(stages(arena, shown)).look(plan)]
    return f"{legend(look)}.\n\n{listing(look)}"

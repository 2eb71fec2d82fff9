"""The line profile of any program on what a round shows, as text."""

from agents.feedback.closely import Closely, stages
from agents.feedback.listing import legend, listing
from agents.search.arena import Arena
from agents.search.measures import Shown
from dsl.schedule import evaluate
from harness.engines import Rules
from harness.request.configured import Configured
from harness.request.controllers import program_of


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
    program = program_of(source, "candidate.rheo")
    rules = Rules(arena.request.budget, arena.request.kappa)
    plan = Configured(program, beta, evaluate(program.checked, beta), {}, rules)
    look = [Closely(stages(arena, shown)).look(plan)]
    return f"{legend(look)}.\n\n{listing(look)}"

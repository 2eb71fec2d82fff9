"""The line profile of any program on what a round shows, as text."""

from agents.feedback.closely import Closely, stages
from agents.feedback.listing import legend, listing
from agents.run.records import Language
from agents.search.arena import Arena
from agents.search.measures import Shown
from harness.engines import Rules, Setting
from harness.request.configured import planned
from harness.request.controllers import playable_of


def line_profile(arena: Arena, shown: Shown, source: str, beta: float, language: Language) -> str:
    """A program with what each line does behind it.

    Args:
        arena: the search set.
        shown: the part of it that counts.
        source: a program that checks.
        beta: where it is looked at.
        language: that it is written in.

    Raises:
        InputError: a recording lacks something that it needs.
    """
    program = playable_of(source, f"candidate{language.suffix}")
    plan = planned(program, Setting(beta), Rules(arena.request.budget, arena.request.kappa))
    look = [Closely(stages(arena, shown)).look(plan)]
    return f"{legend(look)}.\n\n{listing(look)}"

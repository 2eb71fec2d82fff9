"""Programs with free knobs in place of a schedule: an ablation of the one knob.

Each knob that followed from β is free between its values at both ends, with the middle for a
default. What a program does is left as it is.
"""

from dataclasses import replace

from dsl import tree
from dsl.checker.knobs import schedule_lines
from dsl.formatter import print_tree
from dsl.program import load
from dsl.schedule import evaluate
from dsl.source import Source, Span

_NOWHERE = Span(0, 0)


def freed(source: str) -> str:
    """The program with free knobs; the same text where it has no schedule.

    Args:
        source: a program that checks.
    """
    checked = load(Source(source))
    names = schedule_lines(checked.program)
    if not names:
        return source
    ends = [evaluate(checked, beta) for beta in (0.0, 0.5, 1.0)]
    knobs = []
    for name, line in names.items():
        low, middle, high = sorted(each[name] for each in ends)
        knobs.append(tree.Knob(line.span, line.name, _number(middle), _number(low), _number(high)))
    sections = tuple(
        tree.Knobs(section.span, tuple(knobs)) if isinstance(section, tree.Schedule) else section
        for section in checked.program.sections
    )
    return print_tree(replace(checked.program, sections=sections))


def _number(value: float) -> tree.Expression:
    written = repr(abs(value))
    node = tree.Number(_NOWHERE, abs(value), written)
    return node if value >= 0 else tree.Unary(_NOWHERE, "-", node)

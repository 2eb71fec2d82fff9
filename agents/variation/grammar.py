"""The expressions that variation writes: a small grammar over Rheo, in Rheo.

A name in capitals is a hole, which is filled with a knob or with an expression from the tables
below. Within one expression, holes of the same name are filled in the same way; a letter after the
name, ``VOTERS_B``, makes it a separate hole. The number before a line is its weight. The first
line of a table has no holes except knobs, so that every expansion ends.
"""

import re
from functools import cache
from typing import NamedTuple

from agents.variation.quantities import Quantity
from dsl import tree
from dsl.parser import parse
from dsl.source import Source
from dsl.traversal import walk

KNOBS = {
    "WIDTH": Quantity.BRANCHES,
    "CROWD": Quantity.BRANCHES,
    "QUORUM": Quantity.BRANCHES,
    "KEPT": Quantity.BRANCHES,
    "FEW": Quantity.FEW,
    "LEAD": Quantity.FEW,
    "PATIENCE": Quantity.STEPS,
    "CALM": Quantity.STEPS,
    "WARMUP": Quantity.STEPS,
    "DEEP": Quantity.STEPS,
    "TURNS": Quantity.STEPS,
    "BURST": Quantity.BURST,
    "ALLOWANCE": Quantity.TOKENS,
    "LEVEL": Quantity.PART,
    "PART": Quantity.PART,
    "ODDS": Quantity.PART,
    "DOUBT": Quantity.NATS,
    "FACTOR": Quantity.WEIGHT,
    "POWER": Quantity.WEIGHT,
}
"""Holes that become knobs."""

TABLES = {
    # Sets whose answers count.
    "VOTERS": """
        6 finished
        5 alive
        3 opened
        2 active
        1 alive where .streak >= CALM or .finished
        1 alive where .depth >= DEEP or .finished
        1 opened where .finished or TEST
        1 VOTERS_A where TEST
        1 first QUORUM of finished
        1 first QUORUM of VOTERS_A by KEY
    """,
    # Sets that verbs act on.
    "ACTED": """
        5 active
        4 active where TEST
        2 first KEPT of active
        3 first KEPT of active by KEY
        2 first max(0, count(active) - KEPT) of active by KEY
        1 first KEPT of active where TEST
        1 active where TEST by KEY
        1 active by KEY once .answer
    """,
    "LEADER": """
        5 winner(finished)
        5 winner(alive)
        3 winner(VOTERS)
        2 winner(VOTERS, weight = WEIGHING)
        1 runner_up(VOTERS)
    """,
    # Fractions that measure how sure the answer is.
    "SURENESS": """
        4 confidence(finished)
        4 confidence(VOTERS)
        4 share(VOTERS)
        3 margin(VOTERS)
        2 share(VOTERS, weight = WEIGHING)
        2 margin(VOTERS, weight = WEIGHING)
        1 share(VOTERS, winner(VOTERS_B))
        1 votes(VOTERS) / count(opened)
        1 votes(VOTERS) / count(alive)
        1 count(finished) / count(opened)
        1 count(pruned) / count(opened)
        1 count(VOTERS where TEST) / count(VOTERS)
        1 share(finished) * share(alive)
        1 max(confidence(finished), share(alive))
        1 beta_confidence(votes(VOTERS), votes(VOTERS, runner_up(VOTERS)) + FEW)
        1 beta_confidence(votes(finished), votes(finished, runner_up(finished)) + count(active))
    """,
    # Numbers of branches, of any section.
    "COUNTING": """
        4 count(finished)
        2 count(active)
        2 count(alive)
        1 count(opened)
        3 votes(VOTERS)
        2 count(VOTERS where TEST)
        2 votes(VOTERS) - votes(VOTERS, runner_up(VOTERS))
        1 distinct(VOTERS)
        1 count(active where TEST)
    """,
    # Numbers of steps, where a dot means no branch.
    "DURATION": """
        3 steps
        2 max(.streak of active)
        1 min(.streak of active)
        1 min(.depth of active)
        2 max(.depth of active)
        1 min(.age of active)
        1 max(.streak of VOTERS)
        1 min(.depth of finished)
        1 max(.depth of VOTERS where TEST)
        1 min(.changes of VOTERS)
    """,
    # Numbers of steps of a branch.
    "PACE": """
        4 .streak
        4 .depth
        2 .age
        2 .changes
        1 .depth - .changes
        1 max(.depth of finished) - .depth
        1 .streak + .age
    """,
    # Conditions on all branches.
    "CONDITION": """
        3 steps >= WARMUP
        1 steps < WARMUP
        4 count(finished) >= QUORUM
        2 count(active) <= FEW
        1 count(alive) >= KEPT
        5 SURENESS >= LEVEL
        3 SURENESS < LEVEL
        2 COUNTING >= QUORUM
        2 DURATION >= PATIENCE
        2 votes(VOTERS) - votes(VOTERS, runner_up(VOTERS)) >= LEAD
        2 votes(VOTERS) - votes(VOTERS, runner_up(VOTERS)) > PART * count(active)
        1 distinct(VOTERS) <= FEW
        1 winner(VOTERS) == winner(VOTERS_B)
        1 entropy(VOTERS) <= DOUBT
        1 count(opened) < WIDTH
        1 empty(active)
        1 not empty(active)
        1 not empty(active where TEST)
        1 empty(active where TEST)
        1 spent > ALLOWANCE
        1 LEADER != none
    """,
    # Conditions on one branch.
    "TEST": """
        4 .streak >= CALM
        3 .streak < CALM
        3 .depth >= DEEP
        2 .depth < DEEP
        1 .age >= PATIENCE
        2 .changes <= TURNS
        1 .changes > TURNS
        3 .answer == winner(finished)
        4 .answer == LEADER
        4 .answer != LEADER
        1 .answer != none
        1 .seen
        2 share(alive, .answer) < PART
        2 share(VOTERS, .answer) >= PART
        2 votes(VOTERS, .answer) <= FEW
        1 PACE >= PATIENCE
        1 .index < KEPT
        1 .streak >= quantile(.streak of VOTERS, PART)
        0.5 chance(ODDS)
    """,
    "KEY": """
        3 -.depth
        3 .depth
        3 -.streak
        3 .streak
        2 -.changes
        2 .changes
        1 -.age
        1 .index
        1 -.index
        1 PACE
        1 .streak - .changes
        1 votes(opened, .answer)
        2 -votes(VOTERS, .answer)
        2 if .answer == LEADER then 0 else 1
        2 if TEST then 0 else 1
    """,
    # Weights of a branch's vote.
    "WEIGHING": """
        4 1 + .streak
        2 if .finished then FACTOR else 1
        2 .depth
        2 1 / (1 + .depth)
        2 1 / (1 + .changes)
        1 sqrt(1 + .streak)
        1 if .streak >= CALM then FACTOR else 1
        2 if TEST then FACTOR else 1
        1 (1 + .streak) / (1 + .changes)
        1 pow(.depth, POWER)
        1 1 + rank(.streak of VOTERS)
    """,
    "BURSTS": """
        3 BURST
        3 if .answer == LEADER then BURST else 1
        3 if TEST then BURST else 1
        1 if TEST then 1 else BURST
        1 max(1, min(BURST, PATIENCE - .depth))
    """,
    # How many branches a step opens; never beyond a width.
    "AMOUNT": """
        4 min(FEW, WIDTH - count(opened))
        2 min(CROWD - count(active), WIDTH - count(opened))
        1 min(count(opened), WIDTH - count(opened))
        1 min(1 + count(pruned), WIDTH - count(opened))
    """,
}
"""The tables by the names of their holes."""

HOLE = re.compile(r"^[A-Z]+(_[A-Z])?$")


class Production(NamedTuple):
    """One way to fill a hole."""

    weight: float
    expression: tree.Expression
    holes: tuple[str, ...]
    """The holes in it that are not knobs."""


def find_filler(hole: str) -> str:
    """Return the table, or the quantity, of a hole: its name without the letter."""
    return hole.partition("_")[0]


def get_knob_stem(hole: str) -> str:
    """Return the name of the knob of a hole."""
    return "warm_up" if hole == "WARMUP" else hole.lower()


def is_hole(text: str) -> bool:
    """Return whether a name is a hole."""
    return HOLE.match(text) is not None and find_filler(text) in {*TABLES, *KNOBS}


def find_holes(root: tree.Node) -> tuple[str, ...]:
    """Return the holes below a node, in order and without duplicates."""
    names = [node.text for node in walk(root) if isinstance(node, tree.Name)]
    return tuple(dict.fromkeys(text for text in names if is_hole(text)))


@cache
def load_productions(table: str) -> tuple[Production, ...]:
    """Return the ways to fill a hole, parsed once a process."""
    rows = [row.split(maxsplit=1) for row in TABLES[table].strip().splitlines()]
    lets = "\n".join(f"let x = {text}" for _, text in rows)
    parsed = parse(Source(f"controller x {{ step {{\n{lets}\n}} }}"))
    assert parsed.program is not None, (table, parsed.diagnostics)
    (step,) = parsed.program.sections
    assert isinstance(step, tree.Step)
    productions = []
    for (weight, _), let in zip(rows, step.body.statements, strict=True):
        assert isinstance(let, tree.Let)
        assert not isinstance(let.value, tree.Open | tree.Sample)
        holes = tuple(hole for hole in find_holes(let.value) if find_filler(hole) in TABLES)
        productions.append(Production(float(weight), let.value, holes))
    return tuple(productions)

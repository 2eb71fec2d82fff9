"""The graph: which node follows which."""

import sqlite3

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import RetryPolicy

from agents.loop import agreeing, ending, judging, proposing
from agents.loop.state import Context, State

Graph = CompiledStateGraph[State, Context, State, State]

STEPS = 12
"""Nodes of one round at most, without repairs."""

_SURROUNDINGS = RetryPolicy(
    max_attempts=4, retry_on=(sqlite3.OperationalError, ConnectionError, TimeoutError)
)
"""A database that is busy and a network that fails pass; nothing else is tried again."""


def graph(checkpointer: BaseCheckpointSaver[str]) -> Graph:
    """The loop, with where it keeps its state."""
    build = StateGraph(State, context_schema=Context)
    for name, node in (
        ("consider", ending.consider), ("brief", proposing.brief), ("propose", proposing.propose),
        ("check", proposing.check), ("replay", judging.replay), ("tune", judging.tune),
        ("review", judging.judge), ("offer", agreeing.offer), ("approve", agreeing.approve),
        ("heed", agreeing.heed), ("archive", judging.archive), ("select", ending.select),
        ("finish", ending.finish),
    ):  # fmt: skip
        build.add_node(name, node, retry_policy=_SURROUNDINGS)  # type: ignore[arg-type]
    build.add_edge(START, "consider")
    build.add_conditional_edges("consider", ending.onward, ["brief", "select"])
    build.add_conditional_edges("brief", proposing.to_proposers, ["propose"])
    build.add_edge("propose", "check")
    build.add_conditional_edges("check", proposing.to_repairs, ["propose", "replay"])
    build.add_edge("replay", "tune")
    build.add_edge("tune", "review")
    build.add_conditional_edges("review", agreeing.after_judging, ["offer", "archive"])
    build.add_edge("offer", "approve")
    build.add_edge("approve", "heed")
    build.add_conditional_edges(
        "heed", agreeing.after_heeding, ["archive", "offer", "finish", "select"]
    )
    build.add_edge("archive", "consider")
    build.add_conditional_edges("select", ending.after_selecting, ["approve", "finish"])
    build.add_edge("finish", END)
    return build.compile(checkpointer=checkpointer)

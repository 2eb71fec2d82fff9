"""The graph: which node follows which."""

import sqlite3

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import RetryPolicy

from agents.loop import judging, proposing
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
        ("consider", judging.consider), ("brief", proposing.brief), ("propose", proposing.propose),
        ("check", proposing.check), ("replay", judging.replay), ("tune", judging.tune),
        ("review", judging.judge), ("offer", judging.offer), ("approve", judging.approve),
        ("heed", judging.heed), ("archive", judging.archive), ("select", judging.select),
        ("finish", judging.finish),
    ):  # fmt: skip
        build.add_node(name, node, retry_policy=_SURROUNDINGS)  # type: ignore[arg-type]
    build.add_edge(START, "consider")
    build.add_conditional_edges("consider", judging.onward, ["brief", "select"])
    build.add_conditional_edges("brief", proposing.to_proposers, ["propose"])
    build.add_edge("propose", "check")
    build.add_conditional_edges("check", proposing.to_repairs, ["propose", "replay"])
    build.add_edge("replay", "tune")
    build.add_edge("tune", "review")
    build.add_conditional_edges("review", judging.after_judging, ["offer", "archive"])
    build.add_edge("offer", "approve")
    build.add_edge("approve", "heed")
    build.add_conditional_edges("heed", judging.after_heeding, ["archive", "finish", "select"])
    build.add_edge("archive", "consider")
    build.add_conditional_edges("select", judging.after_selecting, ["approve", "finish"])
    build.add_edge("finish", END)
    return build.compile(checkpointer=checkpointer)

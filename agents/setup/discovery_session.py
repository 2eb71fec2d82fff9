"""A session of a run that searches for controllers: its task, and what it writes at the end."""

from typing import NamedTuple

from agents.chat.settings import ChatSettings
from agents.external_agents.settings import AgentSettings
from agents.loop.discovery_task import discovery_task_factory
from agents.loop.state import RunFinisher
from agents.loop.task import TaskFactory
from agents.proposers.registry import ProposerResources, build_proposers
from agents.report.card import export_controller
from agents.run.directory import RunDirectory
from agents.run.records import Decision


class DiscoverySession(NamedTuple):
    """What `agents.loop.session.run_session` needs for a search for controllers."""

    opener: TaskFactory
    """Opens the task of the run."""
    finish: RunFinisher
    """Writes the winner and its card."""


def build_session(
    run: RunDirectory,
    *,
    settings: ChatSettings,
    agent: AgentSettings,
    before: RunDirectory | None = None,
    cluster: str | None = None,
) -> DiscoverySession:
    """Prepare a session of a run.

    Args:
        run: Run directory.
        settings: Settings of model calls.
        agent: Settings of agents.
        before: Run whose model replies are replayed; ``None`` to call models.
        cluster: Address of a Ray cluster that plays programs; ``None`` for local processes.
    """

    def finish(run: RunDirectory, candidate: str | None, decision: Decision | None) -> None:
        if candidate is not None:
            export_controller(run, candidate, decision)

    resources = ProposerResources(run, run.request.asking, settings, before, agent)
    proposers = build_proposers(run.request.proposers, resources)
    return DiscoverySession(discovery_task_factory(proposers, cluster), finish)

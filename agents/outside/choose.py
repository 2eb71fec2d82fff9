"""Where agents run, by what a run was asked for."""

from agents.outside.places import Place
from agents.outside.process import ProcessPlace
from agents.outside.settings import AgentSettings
from agents.run.records import Asking


def place(asking: Asking, settings: AgentSettings) -> Place:
    """A container where an image is named, and else a plain process.

    Args:
        asking: names the image, the network and the variables.
        settings: what an agent may use in a container.

    Raises:
        InputError: and `SurroundingsError`: see `agents.outside.container.ContainerPlace`.
    """
    if not asking.agent_image:
        return ProcessPlace()
    from agents.outside.container import ContainerPlace

    return ContainerPlace(asking.agent_image, asking.agent_network, asking.agent_env, settings)

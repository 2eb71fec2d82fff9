"""Controllers in Python, as the harness finds them: by their suffix, and by their engine's name."""

from collections.abc import Sequence
from multiprocessing.util import Finalize
from pathlib import Path

from dsl.source import Source
from harness.cli.settings import load
from harness.engines import Rules, Setting
from harness.errors import InputError
from harness.mdp.environment import Environment
from harness.mdp.episodes import Episodes
from harness.mdp.replay import Replay
from harness.request.foreign import Foreign
from sandbox.engine import SandboxEngine
from sandbox.host.container import ContainerPlace
from sandbox.host.places import Limits, Place
from sandbox.host.pool import Terms
from sandbox.host.process import ProcessPlace
from sandbox.script import Script, read
from sandbox.settings import SandboxSettings


def controller(argument: str) -> Foreign:
    """Reads a controller in Python.

    Raises:
        InputError: there is none, or the policy does not admit it.
        OSError: it cannot be read.
    """
    try:
        script = read(Path(argument))
    except FileNotFoundError:
        raise InputError(f"{argument}: there is no such controller") from None
    return Foreign(
        label=Path(argument).stem,
        source=Source(script.text, script.name),
        digest=script.digest,
        origin=argument,
        engine="sandbox",
        version=SandboxEngine.name,
    )


class RegisteredEngine:
    """The sandbox by the settings."""

    def __init__(self) -> None:
        chosen = load(SandboxSettings, "sandbox")
        limits = Limits(memory=chosen.memory << 20)
        place: Place = (
            ProcessPlace(limits)
            if chosen.wall == "process"
            else ContainerPlace(chosen.image, runtime=chosen.runtime or None, limits=limits)
        )
        terms = Terms(seconds=chosen.seconds, patience=chosen.seconds + Terms().patience)
        self._engine = SandboxEngine(place, terms=terms)
        # Runs at the end of this process, be it the first or one that plays jobs.
        self._close = Finalize(None, self._engine.close, exitpriority=10)

    def play(
        self,
        source: Source,
        setting: Setting,
        world: Environment,
        seeds: Sequence[int],
        rules: Rules = Rules(),  # noqa: B008 - it is immutable
    ) -> Episodes:
        """The ends of all episodes; see `harness.engines.ForeignEngine.play`."""
        return self._engine.play(Script(source.name, source.text), setting, world, seeds, rules)

    def trace(self, source: Source, beta: float | None, replay: Replay) -> None:
        """One episode in given books; see `harness.engines.ForeignEngine.trace`."""
        self._engine.trace(Script(source.name, source.text), beta, replay)

    def close(self) -> None:
        """Ends the workers, for good."""
        self._close()

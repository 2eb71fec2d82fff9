"""Register Python with the harness: the language by its suffix, the player by its name."""

import ast
from collections.abc import Sequence
from importlib.resources import files
from multiprocessing.util import Finalize
from pathlib import Path

from dsl.findings import FileFindings
from dsl.python_source import parse_python
from dsl.source import Source
from harness.engines import ControllerSetting, EpisodeRules, LineCounts
from harness.errors import ExternalError, InputError
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.episodes import EpisodeArrays
from harness.mdp.replay import Replay
from harness.request.foreign import ForeignController
from harness.settings import load, resolve
from sandbox.engine import SandboxEngine
from sandbox.host.container import ContainerWorkerLauncher
from sandbox.host.interfaces import WorkerLauncher, WorkerLimits
from sandbox.host.pool import EpisodeLimits
from sandbox.host.process import ProcessWorkerLauncher
from sandbox.python.line_counting import find_statement_lines
from sandbox.script import (
    Script,
    diagnose_script,
    extract_title,
    list_findings,
    read_script,
    require_admitted,
)
from sandbox.settings import SandboxSettings
from store.messages import describe_missing


class PythonLanguage:
    """Python as a `harness.request.foreign.LanguagePlugin`."""

    def read(self, argument: str) -> ForeignController:
        """Read a controller from its file.

        Raises:
            InputError: The file does not exist, or the policy does not admit it.
            OSError: The file cannot be read.
        """
        try:
            script = read_script(Path(argument))
        except FileNotFoundError:
            raise InputError(f"{argument}: {describe_missing('program')}") from None
        return _foreign(script, argument)

    def parse(self, text: str, name: str) -> ForeignController:
        """Create a controller from its text.

        Raises:
            InputError: The policy does not admit it.
        """
        return _foreign(require_admitted(Script(name, text)), name)

    def render_errors(self, text: str, name: str) -> str:
        """Return all policy violations, each with its source line."""
        return diagnose_script(Script(name, text))

    def findings(self, text: str, name: str) -> FileFindings:
        """Return all policy violations as records."""
        return list_findings(Script(name, text))

    def card(self) -> str:
        """Return the language reference card for Python controllers."""
        return files("sandbox").joinpath("card.md").read_text(encoding="utf-8")


def _foreign(script: Script, origin: str) -> ForeignController:
    tree = parse_python(script.text)
    return ForeignController(
        label=Path(script.name).stem,
        source=Source(script.text, script.name),
        digest=script.digest,
        origin=origin,
        engine="sandbox",
        version=SandboxEngine.name,
        title=extract_title(tree),
        size=sum(1 for _ in ast.walk(tree)),
        beginnings=frozenset(find_statement_lines(tree)),
    )


PYTHON = PythonLanguage()
"""Entry for `harness.request.foreign.LANGUAGES`."""


def require_container_isolation() -> None:
    """Refuse to play other people's code without container isolation.

    Raises:
        InputError: The settings disable containers.
        ExternalError: There is no container engine, or no matching image.
    """
    for setting in resolve(SandboxSettings, "sandbox"):
        if setting.name == "sandbox.wall" and setting.value != "docker":
            raise InputError(
                f"sandbox.wall is {setting.value!r}, set by {setting.origin}; untrusted code runs"
                " only in containers",
                hint="set it to docker, or leave it out; see `rheostat explain sandbox`",
            )
    chosen = load(SandboxSettings, "sandbox")
    ContainerWorkerLauncher(chosen.image, runtime=chosen.runtime or None).client.close()


def _walled(chosen: SandboxSettings, limits: WorkerLimits) -> ContainerWorkerLauncher:
    try:
        return ContainerWorkerLauncher(chosen.image, runtime=chosen.runtime or None, limits=limits)
    except ExternalError as missing:
        missing.hint = (
            f"{missing.hint}; to play your own code without containers, use --unsafe-no-docker"
            " of sweep, compare, trace, profile and bench"
        )
        raise


class RegisteredEngine:
    """Sandbox engine configured by the settings."""

    def __init__(self) -> None:
        chosen = load(SandboxSettings, "sandbox")
        limits = WorkerLimits(memory=chosen.memory << 20)
        launcher: WorkerLauncher = (
            ProcessWorkerLauncher(limits) if chosen.wall == "process" else _walled(chosen, limits)
        )
        terms = EpisodeLimits(
            seconds=chosen.seconds, patience=chosen.seconds + EpisodeLimits().patience
        )
        self._engine = SandboxEngine(launcher, workers=chosen.workers, terms=terms)
        # Runs at the end of this process, in the main process and in workers.
        self._close = Finalize(None, self._engine.close, exitpriority=10)

    def play(
        self,
        source: Source,
        setting: ControllerSetting,
        replay_environment: ReplayEnvironment,
        seeds: Sequence[int],
        rules: EpisodeRules = EpisodeRules(),  # noqa: B008 - it is immutable
        counts: LineCounts | None = None,
    ) -> EpisodeArrays:
        """Play all episodes, as `harness.engines.ForeignEngine.play` does.

        Args:
            source: The controller.
            setting: β; there are no knobs.
            replay_environment: The recording.
            seeds: Seeds of every question.
            rules: Budget and cost of a probe.
            counts: Counts of each source line, added to in place; ``None`` to count nothing.

        Raises:
            InputError: The policy does not admit the controller.
            EpisodeFailed: An episode failed.
            ExternalError: No worker can be started.
        """
        script = Script(source.name, source.text)
        return self._engine.play(script, setting, replay_environment, seeds, rules, counts)

    def trace(self, source: Source, beta: float | None, replay: Replay) -> None:
        """Play one episode in the caller's replay, as `harness.engines.ForeignEngine.trace` does.

        Args:
            source: The controller.
            beta: The value of β; ``None`` for a controller without it.
            replay: A new episode over a recorded question.

        Raises:
            InputError: The policy does not admit the controller.
            EpisodeFailed: The episode failed.
            ExternalError: No worker can be started.
        """
        self._engine.trace(Script(source.name, source.text), beta, replay)

    def close(self) -> None:
        """End the workers permanently."""
        self._close()

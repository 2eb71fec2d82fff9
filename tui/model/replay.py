"""Play programs over recordings for the app: curves, questions, line profiles, episodes.

Rheo programs are played by the compiled engine in the calling thread. Results of a program are
cached, since users return to the same programs.
"""

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.run.records import Request
from agents.search.arena import reopen_recordings
from agents.search.programs import choose_points
from dsl.compiler.objects import ObjectCache
from harness.engines import ControllerSetting, EpisodeRules, LineCounts, empty_counts
from harness.engines.compiled import CompiledEngine
from harness.evaluation.cost_axis import CostAxis
from harness.evaluation.jobs import play_plan
from harness.explanation.episode_trace import EpisodeTrace, trace_episode
from harness.mdp.environment import ReplayEnvironment, load_replay_environment
from harness.request.controllers import Playable
from harness.request.plan import make_plan
from harness.request.recordings import NamedRecording, open_recordings

BETAS = tuple(step / 10 for step in range(11))

MOST_OUTCOMES = 64
"""Programs whose outcomes are cached."""


class ProgramOutcomes(NamedTuple):
    """A program at P points over R recordings."""

    settings: list[ControllerSetting]
    right: list[NDArray[np.float64]]
    """By recording, array (P, Q): the fraction of seeds under which it is right."""
    tokens: list[NDArray[np.float64]]
    """By recording, array (P, Q): mean tokens."""
    sequential: list[NDArray[np.float64]]
    """By recording, array (P, Q): mean sequential tokens."""

    def curve(self, axis: CostAxis = CostAxis.TOKENS) -> list[tuple[float, float]]:
        """Return (cost, accuracy in percent) of each point, averaged over recordings."""
        spent = self.tokens if axis is CostAxis.TOKENS else self.sequential
        costs = np.mean([tokens.mean(axis=1) for tokens in spent], axis=0)
        accuracy = np.mean([right.mean(axis=1) for right in self.right], axis=0) * 100
        return sorted(zip(costs.tolist(), accuracy.tolist(), strict=True))


class LineFigures(NamedTuple):
    """What each line did at one point, over all recordings."""

    tokens: list[float]
    """By line from 1, percent of all tokens; index 0 is unused."""
    ended: list[float]
    """By line from 1, percent of the episodes that it ended."""
    right: list[float | None]
    """By line from 1, percent of those episodes that were right."""


class RecordingPlayer:
    """Recordings ready to be played on.

    Args:
        recordings: Recordings to play on, in order.
        rules: Budget and price of a probe.
        seeds: Number of permutations.
        betas: Values of β.
    """

    def __init__(
        self,
        recordings: Sequence[NamedRecording],
        rules: EpisodeRules = EpisodeRules(),  # noqa: B008 - it is immutable
        seeds: int = 12,
        betas: Sequence[float] = BETAS,
    ):
        self.recordings = recordings
        self.rules, self.seeds, self.betas = rules, range(seeds), betas
        self._engine = CompiledEngine(ObjectCache(), threads=1)
        self._lock = threading.Lock()
        self._outcomes: dict[tuple[str, tuple[object, ...]], ProgramOutcomes] = {}

    @cached_property
    def worlds(self) -> list[ReplayEnvironment]:
        """Return the replay environments of the recordings."""
        return [load_replay_environment(recording.recording) for recording in self.recordings]

    def play(
        self, program: Playable, knob_settings: Sequence[dict[str, int | float]] = ()
    ) -> ProgramOutcomes:
        """Play a program at every β, or at given settings.

        Raises:
            InputError: A recording lacks something that the program needs.
        """
        settings = choose_points(program, self.betas, knob_settings)
        key = (program.digest, tuple(map(str, settings)))
        with self._lock:  # one program at a time: a run may be using the machine
            if key not in self._outcomes:
                points = [
                    self._over(program, settings, replay_environment)
                    for replay_environment in self.worlds
                ]
                right, tokens, sequential = (list(part) for part in zip(*points, strict=True))
                self._outcomes[key] = ProgramOutcomes(settings, right, tokens, sequential)
                while len(self._outcomes) > MOST_OUTCOMES:
                    del self._outcomes[next(iter(self._outcomes))]
            return self._outcomes[key]

    def lines(self, program: Playable, setting: ControllerSetting) -> LineFigures:
        """Profile what each line does at one point.

        Raises:
            InputError: A recording lacks something that the program needs.
        """
        counts: LineCounts = empty_counts(program.source)
        size = program.source.lines + 1
        ended, right, played = np.zeros(size), np.zeros(size), 0
        with self._lock:
            for replay_environment in self.worlds:
                plan = make_plan(program, setting, self.rules)
                episodes = play_plan(plan, replay_environment, self.seeds, self._engine, counts)
                line = episodes.line.ravel()
                ended += np.bincount(line, minlength=size)
                right += np.bincount(line[episodes.right.ravel()], minlength=size)
                played += line.size
        total = max(int(counts.tokens.sum()), 1)
        return LineFigures(
            tokens=[100 * int(spent) / total for spent in counts.tokens],
            ended=[100 * count / max(played, 1) for count in ended.tolist()],
            right=[
                100 * r / n if n else None
                for r, n in zip(right.tolist(), ended.tolist(), strict=True)
            ],
        )

    def episode(
        self, program: Playable, recording: int, question: int, seed: int, beta: float
    ) -> EpisodeTrace:
        """Trace one episode with every decision in it.

        Args:
            program: Program to play.
            recording: Index of the recording.
            question: Index of the question in the recording.
            seed: Seed of the branch order.
            beta: Value of β.

        Raises:
            InputError: The recording lacks something that the program needs.
        """
        plan = make_plan(
            program, ControllerSetting(beta if program.scheduled else None), self.rules
        )
        return trace_episode(plan, self.worlds[recording], question, seed)

    def _over(
        self,
        program: Playable,
        settings: Sequence[ControllerSetting],
        replay_environment: ReplayEnvironment,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return three arrays (P, Q) of means: right, tokens and sequential tokens."""
        right, tokens, sequential = [], [], []
        for setting in settings:
            plan = make_plan(program, setting, self.rules)
            episodes = play_plan(plan, replay_environment, self.seeds, self._engine)
            right.append(episodes.right.mean(axis=1))
            tokens.append(episodes.tokens.mean(axis=1))
            sequential.append(episodes.sequential.mean(axis=1))
        return np.array(right), np.array(tokens), np.array(sequential)


def open_run_player(request: Request) -> RecordingPlayer:
    """Open players on the search set of a run.

    Raises:
        InputError: A recording changed.
        StoreError: A recording cannot be read.
    """
    rules = EpisodeRules(request.budget, request.kappa)
    seeds = min(request.seeds, 20)
    return RecordingPlayer(reopen_recordings(request.search), rules, seeds, tuple(request.betas))


def open_file_player(paths: Sequence[Path]) -> RecordingPlayer:
    """Open players on recording files.

    Raises:
        InputError: A file is not a recording.
        StoreError: A file cannot be read.
    """
    return RecordingPlayer(open_recordings(paths))

"""An episode on one question of a recording, with the description of what was played."""

from typing import NamedTuple

from harness.engines.interpreter import InterpreterEngine
from harness.explanation.episode_trace import EpisodeTrace, trace_episode
from harness.mdp.environment import load_replay_environment
from harness.request.plan import ForeignPlan, Plan, describe_plan_origin
from harness.request.recordings import NamedRecording


class QuestionTrace(NamedTuple):
    """An episode and what was played in it."""

    what: dict[str, object]
    """The inputs, by content, for the document of the episode."""
    about: dict[str, str]
    """Labels and values of the inputs, for people."""
    episode: EpisodeTrace


def trace_question(plan: Plan, named: NamedRecording, number: int, seed: int) -> QuestionTrace:
    """Play one episode over a recording and describe it.

    Args:
        plan: The controller and its setting.
        named: The recording.
        number: The question's position.
        seed: Determines the order of the branches, and every random choice.

    Raises:
        InputError: The recording lacks what the program needs, or the episode failed.
        StoreError: The recording cannot be read.
        ExternalError: The runtime of a controller in another language is not available.
    """
    engine = plan.program.version if isinstance(plan, ForeignPlan) else InterpreterEngine.name
    episode = trace_episode(plan, load_replay_environment(named.recording), number, seed)
    name = named.recording.questions[number].id
    what = describe_plan_origin(plan, [named]) | {
        "engine": engine,
        "question": {"id": name, "number": number},
        "seed": seed,
    }
    about = {
        "controller": f"{plan.program.label} ({plan.program.origin})",
        "recording": f"{named.label} ({named.recording.path})",
        "question": f"{name}, number {number}",
        "seed": f"{seed}",
    }
    return QuestionTrace(what, about, episode)

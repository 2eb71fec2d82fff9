"""What crossed the seam in one episode: a list of barriers, each with its actions and charges."""

from enum import Enum

import msgspec

from dsl.episode import AnyVerb


class ActionKind(Enum):
    """The actions of the MDP."""

    BRANCH = "BRANCH"
    CONTINUE = "CONTINUE"
    PROBE = "PROBE"
    READ = "READ"
    PRUNE = "PRUNE"
    ANSWER = "ANSWER"


class Action(msgspec.Struct, frozen=True, omit_defaults=True):
    """One action that was done."""

    kind: ActionKind
    branch: int | None
    """The branch in opening order, ``None`` for ANSWER."""
    charge: int
    """Tokens charged."""
    depth: int = 0
    """The branch's depth after the action, in advances."""
    answer: str | None = None
    """What the action revealed, or the answer given."""
    finished: bool = False
    """The action took the branch to its end."""


class Barrier(msgspec.Struct, frozen=True):
    """One verb and the actions that it came to, side by side in the verb's order."""

    verb: AnyVerb
    actions: tuple[Action, ...]
    exhausted: bool
    """The budget ended inside the verb."""
    spent: int
    """Tokens charged in the episode, after the barrier."""
    sequential: int
    """Tokens on the critical path, after the barrier."""

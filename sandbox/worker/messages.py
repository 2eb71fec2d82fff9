"""Messages between host and worker: MessagePack records, each with a length prefix.

The host speaks first, and the worker answers each message once. A message from a worker must be
data of these types or it is refused: nothing in it is imported, called or unpickled. One message
carries one barrier of each of many episodes.
"""

import struct
from typing import Annotated, Any, TypeAlias, cast

import msgspec

from dsl.episode import AnyVerb, BranchView, Status
from sandbox.faults import Fault
from sandbox.python.columns import RevealedColumns

VERSION = 6
"""Raise this when a message changes; a worker of another version is refused."""

MOST_MESSAGE = 4 << 20
"""Maximum bytes of a message from a worker."""

MOST_FINDINGS = 100

OUT_OF_MEMORY = 77
"""Exit status of a worker that has run out of memory."""

HEAD = struct.Struct(">I")
"""Format of the length prefix."""


class BranchMessage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one branch shows: the fields of `dsl.episode.BranchView`, without its index.

    Fields at the end that have their defaults are not sent.
    """

    depth: int
    tokens: int
    answer: str | None
    streak: int
    changes: int
    revealed: int
    status: Status = Status.ACTIVE
    cut_off: bool = False
    entropy: float | None = None
    logprob: float | None = None
    top_logprob: float | None = None
    signals: dict[str, float] = {}
    """Values so far of named signals."""


def encode_branch(branch: BranchView) -> msgspec.Raw:
    """Encode a branch as a `BranchMessage`."""
    most = (branch.depth, branch.tokens, branch.answer, branch.streak, branch.changes,
            branch.revealed)  # fmt: skip
    rest = (branch.cut_off, branch.entropy, branch.logprob, branch.top_logprob)
    if branch.signals or rest != _UNSET:
        return msgspec.Raw(encode((*most, branch.status, *rest, dict(branch.signals))))
    if branch.status is not Status.ACTIVE:
        return msgspec.Raw(encode((*most, branch.status)))
    return msgspec.Raw(encode(most))


_UNSET = (False, None, None, None)
"""The defaults of the fields that follow the status."""


# From the host


class BeginEpisode(msgspec.Struct, frozen=True, array_like=True, tag=0, gc=False):
    """A new episode. It contains neither the question nor the seed: the random state is enough."""

    key: int
    interval: int
    limit: int
    budget: int | None
    draws: int
    """Random state of the episode."""
    beta: float | None
    signals: tuple[str, ...] = ()
    """The named signals of its branches."""


class ResumeEpisode(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    """Outcome of an episode's verb; the controller continues."""

    key: int
    exhausted: bool
    spent: int
    views: tuple[BranchMessage, ...]
    """The affected branches in their present state, in the verb's order. New ones are last."""


def resume_episode(
    key: int, *, exhausted: bool, spent: int, views: tuple[msgspec.Raw, ...]
) -> ResumeEpisode:
    """Return a `ResumeEpisode` with branches that are encoded already, for sending.

    Args:
        key: The episode.
        exhausted: Whether the budget ended inside the verb.
        spent: Tokens charged so far.
        views: The affected branches, each from `encode_branch`.
    """
    # The encoder copies what is encoded already, so the receiver decodes messages of branches.
    return ResumeEpisode(key, exhausted, spent, cast("Any", views))


class ContinueEpisode(msgspec.Struct, frozen=True, array_like=True, tag=3, gc=False):
    """Outcome of an episode's verb, all of which was done; the controller continues."""

    key: int
    spent: int
    columns: RevealedColumns


class DropEpisode(msgspec.Struct, frozen=True, array_like=True, tag=2, gc=False):
    """An episode that is abandoned, without an answer."""

    key: int


Order: TypeAlias = BeginEpisode | ResumeEpisode | ContinueEpisode | DropEpisode


class LoadController(msgspec.Struct, frozen=True, tag="load"):
    """Code of the controller to play from now on."""

    text: str
    most_turns: int
    seconds: float
    """Limit of processor time between two verbs of an episode."""
    counting: bool = False
    """Whether the last verb of an episode reports line counts."""


class StepBatch(msgspec.Struct, frozen=True, tag="step"):
    """One barrier of each of many episodes."""

    orders: tuple[Order, ...]


ToWorker: TypeAlias = LoadController | StepBatch

# From the worker


class NextVerb(msgspec.Struct, frozen=True, array_like=True, tag=0, gc=False):
    """The next verb of an episode."""

    key: int
    verb: AnyVerb
    lines: dict[int, int] = {}
    """Line counts, with the last verb, if counting is enabled."""


class EpisodeFault(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    """The end of an episode, and its reason."""

    key: int
    fault: Fault


EpisodeMove: TypeAlias = NextVerb | EpisodeFault


class WorkerReady(msgspec.Struct, frozen=True, tag="ready"):
    """First message of a worker after its start."""

    version: int


class LoadResult(msgspec.Struct, frozen=True, tag="loaded"):
    """Whether the code was admitted, or what is wrong with it."""

    findings: Annotated[tuple[Fault, ...], msgspec.Meta(max_length=MOST_FINDINGS)] = ()


class Heartbeat(msgspec.Struct, frozen=True, tag="working"):
    """Sign of life while an answer takes long."""


class MoveBatch(msgspec.Struct, frozen=True, tag="moves"):
    """Answer to `StepBatch`, or its next part: a move for each episode, in order.

    A part ends with an episode that failed, so that its host can abandon the others.
    """

    moves: tuple[EpisodeMove, ...]


FromWorker: TypeAlias = WorkerReady | LoadResult | Heartbeat | MoveBatch

encode = msgspec.msgpack.Encoder().encode
decode_to_worker = msgspec.msgpack.Decoder(ToWorker).decode
decode_from_worker = msgspec.msgpack.Decoder(FromWorker).decode
decode_branch = msgspec.msgpack.Decoder(BranchMessage).decode

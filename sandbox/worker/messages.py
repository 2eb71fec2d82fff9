"""What host and worker say to each other: MessagePack records, each behind its length.

The host speaks first, the worker answers each message once. What a worker sends is data of these
shapes or it is refused: nothing in it is imported, called or unpickled. One message carries one
barrier of each of many episodes.
"""

import struct
from typing import Annotated, TypeAlias

import msgspec

from dsl.episode import AnyVerb, BranchView, Status
from sandbox.faults import Fault

VERSION = 3
"""Raised when a message changes; a worker of another version is refused."""

MOST_MESSAGE = 4 << 20
"""Bytes of one message from a worker."""

MOST_FINDINGS = 100

OUT_OF_MEMORY = 77
"""The exit status of a worker that has no memory left to say so."""

HEAD = struct.Struct(">I")
"""The length in front of each message."""


class BranchMessage(msgspec.Struct, frozen=True, array_like=True):
    """One branch, as `dsl.episode.BranchView` shows it."""

    index: int
    status: Status
    depth: int
    tokens: int
    answer: str | None
    revealed: int
    streak: int
    changes: int
    entropy: float | None
    logprob: float | None
    top_logprob: float | None


def encode_branch(branch: BranchView) -> BranchMessage:
    """A branch, ready to be sent."""
    return BranchMessage(
        branch.index, branch.status, branch.depth, branch.tokens, branch.answer, branch.revealed,
        branch.streak, branch.changes, branch.entropy, branch.logprob, branch.top_logprob,
    )  # fmt: skip


# From the host


class BeginEpisode(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """A new episode. It says neither the question nor the seed: chance needs only its state."""

    key: int
    interval: int
    limit: int
    budget: int | None
    draws: int
    """The state that the episode's chance is drawn from."""
    beta: float | None


class ResumeEpisode(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """What became of an episode's verb; the controller goes on."""

    key: int
    exhausted: bool
    spent: int
    sequential: int
    views: tuple[BranchMessage, ...]
    """The branches that it touched, in its order, as they are now."""


class DropEpisode(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """An episode that does not go on. It has no answer."""

    key: int


Order: TypeAlias = BeginEpisode | ResumeEpisode | DropEpisode


class LoadController(msgspec.Struct, frozen=True, tag="load"):
    """The code of the controller that is played from now on."""

    text: str
    most_turns: int
    seconds: float
    """Of processor time between two verbs of an episode."""
    counting: bool = False
    """Whether the last verb of an episode says how often its lines ran."""


class StepBatch(msgspec.Struct, frozen=True, tag="step"):
    """One barrier of each of many episodes."""

    orders: tuple[Order, ...]


ToWorker: TypeAlias = LoadController | StepBatch

# From the worker


class NextVerb(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """The next verb of an episode."""

    key: int
    verb: AnyVerb
    lines: dict[int, int] = {}
    """With the last verb, where that is counted: how often each line ran."""


class EpisodeFault(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The end of an episode, and why."""

    key: int
    fault: Fault


EpisodeMove: TypeAlias = NextVerb | EpisodeFault


class WorkerReady(msgspec.Struct, frozen=True, tag="ready"):
    """What a worker says when it has started, unasked."""

    version: int


class LoadResult(msgspec.Struct, frozen=True, tag="loaded"):
    """The code is admitted, or else what is wrong with it."""

    findings: Annotated[tuple[Fault, ...], msgspec.Meta(max_length=MOST_FINDINGS)] = ()


class Heartbeat(msgspec.Struct, frozen=True, tag="working"):
    """The answer takes a while."""


class MoveBatch(msgspec.Struct, frozen=True, tag="moves"):
    """The answer to `StepBatch`, or its next part: a move for each episode, in their order.

    A part ends with an episode that failed, so that its host can give up the others.
    """

    moves: tuple[EpisodeMove, ...]


FromWorker: TypeAlias = WorkerReady | LoadResult | Heartbeat | MoveBatch

encode = msgspec.msgpack.Encoder().encode
decode_to_worker = msgspec.msgpack.Decoder(ToWorker).decode
decode_from_worker = msgspec.msgpack.Decoder(FromWorker).decode

"""The envelopes in which an engine sends what a container writes."""

import struct
from collections.abc import Collection

STDOUT, STDERR = 1, 2

MOST_ERRORS = 8192
"""Bytes that are kept of a worker's stderr."""


class Envelopes:
    """Opens envelopes.

    Args:
        wanted: the streams of which the content is given; that of others is dropped.
    """

    _HEAD = struct.Struct(">BxxxI")

    def __init__(self, wanted: Collection[int] = (STDOUT,)) -> None:
        self._streams = frozenset(wanted)
        self._head = bytearray()
        self._left = 0
        self._wanted = False
        self._stream = 0
        self.errors = bytearray()
        """The beginning of what the container wrote to stderr, where that is not wanted."""

    def open(self, part: bytes) -> bytes:
        """What the container wrote to its wanted streams, of the bytes that came."""
        found = bytearray()
        at = 0
        while at < len(part):
            if self._left:
                taken = part[at : at + self._left]
                self._left -= len(taken)
                at += len(taken)
                if self._wanted:
                    found += taken
                elif self._stream == STDERR:
                    self.errors += taken[: MOST_ERRORS - len(self.errors)]
                continue
            missing = self._HEAD.size - len(self._head)
            self._head += part[at : at + missing]
            at += missing
            if len(self._head) == self._HEAD.size:
                self._stream, self._left = self._HEAD.unpack(self._head)
                self._wanted = self._stream in self._streams
                self._head.clear()
        return bytes(found)

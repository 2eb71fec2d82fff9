"""The envelopes in which an engine sends what a container writes."""

import struct
from collections.abc import Collection

STDOUT, STDERR = 1, 2


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
                continue
            missing = self._HEAD.size - len(self._head)
            self._head += part[at : at + missing]
            at += missing
            if len(self._head) == self._HEAD.size:
                stream, self._left = self._HEAD.unpack(self._head)
                self._wanted = stream in self._streams
                self._head.clear()
        return bytes(found)

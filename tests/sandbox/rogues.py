"""Compromised workers: what they can still do when the policy has been bypassed.

Each is a program that speaks, or does not, in place of `sandbox.worker`.
"""

import subprocess
import sys

from sandbox.faults import Reason
from sandbox.host.channels import StreamChannel
from sandbox.worker.messages import MOST_MESSAGE

GREETING = """
import struct, sys, time
import msgspec
def say(message):
    payload = msgspec.msgpack.encode(message)
    sys.stdout.buffer.write(struct.pack(">I", len(payload)) + payload)
    sys.stdout.buffer.flush()
def hear():
    head = sys.stdin.buffer.read(4)
    return msgspec.msgpack.decode(sys.stdin.buffer.read(struct.unpack(">I", head)[0]))
say({"type": "ready", "version": 6})
hear()
say({"type": "loaded", "findings": []})
"""


def moves(*shown: str) -> str:
    """A program that answers with these moves and waits."""
    return f"hear(); say({{'type': 'moves', 'moves': [{', '.join(shown)}]}}); time.sleep(60)"


def raw(payload: str) -> str:
    """A program that answers with these bytes and waits."""
    return f"hear(); sys.stdout.buffer.write({payload}); sys.stdout.buffer.flush(); time.sleep(60)"


ROGUES = {
    "silence": ("hear(); time.sleep(60)", Reason.SILENT),
    "deaf": ("time.sleep(60)", Reason.SILENT),
    "death": ("hear(); sys.exit(3)", Reason.DIED),
    "flood": ("hear()\nwhile True: sys.stdout.buffer.write(b'\\xff' * 65536)", Reason.OVERSIZED),
    "trickle": ("hear()\nwhile True: say({'type': 'working'})", Reason.GARBLED),
    "length": (raw(f"struct.pack('>I', {MOST_MESSAGE + 1})"), Reason.OVERSIZED),
    "noise": ("hear(); say('noise'); time.sleep(60)", Reason.GARBLED),
    "pickle": (raw("b'\\0\\0\\0\\x12cbuiltins\\nprint\\n)R.'"), Reason.GARBLED),
    "ready again": ("hear(); say({'type': 'ready', 'version': 1})", Reason.GARBLED),
    "stranger": (moves("[0, 99, {'verb': 'open', 'count': 1}]"), Reason.GARBLED),
    "nothing": (moves(), Reason.GARBLED),
    "twice": (moves(*["[0, 0, {'verb': 'open', 'count': 1}]"] * 2), Reason.GARBLED),
    "verb": (moves("[0, 0, {'verb': 'import', 'name': 'os'}]"), Reason.GARBLED),
    "type": (moves("[0, 0, {'verb': 'open', 'count': '1'}]"), Reason.GARBLED),
    "reason": (moves("[1, 0, ['os.system', 'x', 0, 0]]"), Reason.GARBLED),
    "novel": (moves("[1, 0, ['raised', 'x' * 301, 0, 0]]"), Reason.GARBLED),
    "depth": (raw("struct.pack('>I', 9000) + b'\\x81\\xa1x' + b'\\x91' * 8997"), Reason.GARBLED),
    "forgery": (moves("[0, 0, {'verb': 'open', 'count': 1000}]"), Reason.INADMISSIBLE),
}


class RoguePlace:
    """Starts what a test gives it, in place of a worker."""

    name = "rogue"

    def __init__(self, program: str):
        self._program = program
        self.started = 0

    def start(self) -> StreamChannel:
        self.started += 1
        process = subprocess.Popen(
            [sys.executable, "-c", self._program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        heard, said = process.stdin, process.stdout
        assert heard is not None
        assert said is not None

        def end() -> None:
            process.kill()
            process.wait()
            heard.close()
            said.close()

        return StreamChannel(heard.fileno(), said.fileno(), bytes, end)

"""Whose a container is, so that those of a process that is gone can be told from all others."""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

KIND_LABEL = "rheostat.sandbox"
WORKER, AGENT, BASE = "worker", "agent", "base"
"""What a container holds."""
MACHINE_LABEL = "rheostat.sandbox.machine"
PROCESS_LABEL = "rheostat.sandbox.process"


class Owner(NamedTuple):
    """A process, by names that are given once."""

    machine: str
    """The boot of the kernel, and the namespace in which processes are numbered."""
    process: str
    """The number, and the moment of its start."""

    def labels(self, kind: str) -> dict[str, str]:
        """As a container carries them, with what it holds."""
        return {KIND_LABEL: kind, MACHINE_LABEL: self.machine, PROCESS_LABEL: self.process}


def this_process() -> Owner:
    """The owner of what is started here."""
    boot = _text(Path("/proc/sys/kernel/random/boot_id")).strip()
    namespace = ""
    with contextlib.suppress(OSError):
        namespace = str(Path("/proc/self/ns/pid").readlink())
    return Owner(f"{boot} {namespace}", _process(os.getpid()))


def is_gone(owner: Owner) -> bool:
    """Whether a process of this machine has ended; ``False`` of other machines' processes."""
    if owner.machine != this_process().machine:
        return False
    number = owner.process.partition(" ")[0]
    return not number.isdecimal() or _process(int(number)) != owner.process


def _process(number: int) -> str:
    # The name, which may hold anything, ends at the last bracket; the start is the 20th behind it.
    fields = _text(Path(f"/proc/{number}/stat")).rpartition(")")[2].split()
    return f"{number} {fields[19] if len(fields) > 19 else ''}"


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""

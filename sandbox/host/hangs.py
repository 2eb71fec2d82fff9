"""Explain why a worker ended: by its exit status and its last output."""

import re

from sandbox.faults import Fault, Reason
from sandbox.python.policy import FILE
from sandbox.worker.messages import OUT_OF_MEMORY

_LINE = re.compile(rf'File "{FILE}", line (\d{{1,9}})'.encode())


def explained(status: int | None, errors: bytes) -> Fault:
    """Return the fault that ended a worker.

    Args:
        status: Exit status; ``None`` if unknown.
        errors: First bytes of stderr. A worker may write anything.
    """
    if errors.startswith(b"Timeout ("):
        match = _LINE.search(errors)
        line = int(match[1]) if match else 0
        return Fault(Reason.TOO_LONG, "it hangs inside one operation", line, 1 if line else 0)
    if status == OUT_OF_MEMORY:
        return Fault(Reason.MEMORY, "the worker ran out of memory")
    return Fault(Reason.DIED, f"the worker ended with status {status}")

"""Why a worker ended by itself: by its exit status, and by what it wrote before its end."""

import re

from sandbox.faults import Fault, Reason
from sandbox.python.policy import FILE
from sandbox.worker.messages import OUT_OF_MEMORY

_LINE = re.compile(rf'File "{FILE}", line (\d{{1,9}})'.encode())


def explained(status: int | None, errors: bytes) -> Fault:
    """The fault that an end comes from.

    Args:
        status: the exit status; ``None`` where it is not known.
        errors: the beginning of what was written to stderr. A worker may write anything.
    """
    if errors.startswith(b"Timeout ("):
        found = _LINE.search(errors)
        line = int(found[1]) if found else 0
        return Fault(Reason.TOO_LONG, "it hangs inside of one operation", line, 1 if line else 0)
    if status == OUT_OF_MEMORY:
        return Fault(Reason.MEMORY, "the worker has none left")
    return Fault(Reason.DIED, f"the worker ended with status {status}")

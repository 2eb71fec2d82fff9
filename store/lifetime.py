"""End child processes with the process that started them, however that one ends.

The kernel does it. A child holds the reading end of a pipe whose writing end belongs to its parent
alone. When the parent is gone, SIGKILL included, the pipe closes and the kernel sends SIGKILL to
the child or to its whole process group. Unlike ``prctl(PR_SET_PDEATHSIG)``, this does not depend on
the thread that started the child, and it reaches foreign programs and what they start. Unlike a
thread that waits, it needs no Python lock, which a long call in C may hold.
"""

import contextlib
import fcntl
import multiprocessing
import os
import select
import signal


def begin_worker_process() -> None:
    """Initialise a process of a `multiprocessing` pool.

    It leaves Ctrl-C to its parent, which a terminal interrupts as well, and ends with it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def end_with_parent() -> None:
    """Have this process killed when its parent ends; for processes of `multiprocessing` alone."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    _kill_at_hangup(parent.sentinel, os.getpid())
    poll = select.poll()
    poll.register(parent.sentinel, 0)
    if poll.poll(0):  # it was gone before the kernel was queried
        os.kill(os.getpid(), signal.SIGKILL)


class ParentPipe:
    """Have a child process and its group killed when this process ends.

    Pass `descriptor` to the child (``pass_fds``), which starts a session of its own, and then
    `bind` its group. Close the pipe when the child has ended.
    """

    def __init__(self) -> None:
        self.descriptor, self._writing = os.pipe()

    def bind(self, group: int) -> None:
        """Have the kernel kill a process group when this process ends.

        Args:
            group: the child's process group, which is its process id.
        """
        _kill_at_hangup(self.descriptor, -group)
        os.close(self.descriptor)  # the child has its own
        self.descriptor = -1

    def close(self) -> None:
        """Release the pipe. A bound group that is still alive is killed. May be called twice."""
        for descriptor in (self.descriptor, self._writing):
            if descriptor >= 0:
                os.close(descriptor)
        self.descriptor = self._writing = -1


def _kill_at_hangup(descriptor: int, target: int) -> None:
    """Have the kernel send SIGKILL when the other end of a pipe closes.

    Args:
        descriptor: the reading end, to which nothing is written any more.
        target: a process id, or a process group's with a minus sign.
    """
    # A kernel without signal-driven input leaves what orderly ends leave: nothing.
    with contextlib.suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETOWN, target)
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_ASYNC)

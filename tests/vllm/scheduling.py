"""Which of two workers plays a test on a real server, so that only one server is started by both.

A server takes a minute of a processor to start. The marks that pytest-xdist has for it (3.8) reach
nothing under pytest 9.2, where a test's id is no longer what one writes into it.
"""

from pathlib import PurePath

from xdist.scheduler import LoadScopeScheduling

REASONING = {"test_allocation.py", "test_live.py", "test_reasoners.py", "test_verifying.py"}
"""Files of one half: those that need several reasoners at once, and as much again in time."""


class ByServers(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each half of the tests to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        file = PurePath(nodeid.partition("::")[0])
        if "vllm" not in file.parts:
            return nodeid  # on its own, as without groups
        return "reasoning" if file.name in REASONING else "collecting"

"""Command lines over a Ray cluster that they start, and workers of it that are killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

START = "import sys; from harness.cli.main import main; sys.exit(main())"

RAY = ["--engine", "ray", "--ray-address", "local"]

PATIENCE = 240.0
"""Seconds for a cluster to come up and do its work."""


def begun(folder: Path, *words: str) -> "subprocess.Popen[str]":
    """A command line at work in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", START, *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: "subprocess.Popen[str]") -> str:
    """What it gave, once it has ended well."""
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    return out


def kill_worker(process: "subprocess.Popen[str]", doing: str) -> int:
    """Kills a worker that the process' own cluster has, while it does something.

    Args:
        process: started the cluster.
        doing: the function or class, as Ray names what a worker does.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        for worker in _below(process.pid):
            if _title(worker).startswith(f"ray::{doing}"):
                os.kill(worker, signal.SIGKILL)
                return worker
        time.sleep(0.01)
    raise TimeoutError(doing)


def _below(pid: int) -> set[int]:
    """The processes that descend from one."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""

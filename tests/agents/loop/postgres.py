"""A real Postgres server in a directory of a test."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

USER = "nobody"
"""User that runs the server if the tests run as root, which Postgres refuses."""


def _program(name: str) -> str:
    path = shutil.which(name) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None
    )
    if path is None:
        pytest.skip(f"Postgres is not here: {name} is not installed (Debian: postgresql)")
    return path


def _run(*command: str) -> None:
    as_other = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*as_other, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Run a server on a free port inside a block; yield its URL."""
    initdb, control = _program("initdb"), _program("pg_ctl")
    data = folder / "postgres"
    data.mkdir()
    if os.geteuid() == 0:
        owner = pwd.getpwnam(USER)
        os.chown(data, owner.pw_uid, owner.pw_gid)
        for parent in data.parents:
            if parent.stat().st_mode & 0o001 == 0:
                parent.chmod(parent.stat().st_mode | 0o011)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    _run(initdb, "-D", str(data), "-U", "rheostat", "--auth=trust", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -F"
    log = str(data / "log")
    _run(control, "-D", str(data), "-l", log, "-o", options, "-w", "start")
    try:
        yield f"postgresql://rheostat@127.0.0.1:{port}/postgres"
    finally:
        _run(control, "-D", str(data), "-m", "immediate", "-w", "stop")

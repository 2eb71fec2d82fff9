"""An agent that looks for what it may not have, and writes down what it got."""

import json
import os
import socket
import sys
from pathlib import Path

ODD: tuple[object, ...] = (17, [], {"do": "sweep"}, {"do": "sweep", "source": None})

found: dict[str, object] = {}


def ask(request: object) -> str:
    """What the desk says to a request."""
    desk = socket.socket(socket.AF_UNIX)
    desk.connect(".desk")
    with desk, desk.makefile("rwb") as stream:
        stream.write(json.dumps(request).encode() + b"\n")
        stream.flush()
        return str(json.loads(stream.readline())["text"])


source = Path("candidate.rheo").read_text()
found["prompt"] = sys.stdin.read()
found["files"] = {
    str(path): path.read_text() for path in Path().rglob("*")
    if path.is_file() and path.parent.name != "bin"
}  # fmt: skip
found["stand in"] = Path("bin", "rheostat").read_text()
found["environment"] = dict(os.environ)
found["desk"] = {
    do: ask({"do": do, "source": source})
    for do in ("gold", "recording", "held-out", "inspect", "../../request.json", "trace")
}
found["odd"] = [ask(request) for request in ODD]
found["sweep"] = ask({"do": "sweep", "source": source})
report = Path(sys.argv[1])
report.write_text(json.dumps(found))
# A link out of the directory, to have the run read for it what it could not read itself.
Path("candidate.rheo").unlink()
Path("candidate.rheo").symlink_to(sys.argv[2])
Path("reasons.md").symlink_to(sys.argv[2])

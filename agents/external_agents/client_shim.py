"""The rheostat of an agent: check, sweep and profile, by the desk of its round.

It stands alone, with nothing but the standard library: it is copied into a scratch directory.
"""

import json
import socket
import sys
from pathlib import Path

HELP = """\
rheostat check FILE                  whether a program is sound
rheostat sweep FILE [--quick]        what it is worth, and its curve
rheostat profile FILE --beta BETA    what each line does
"""


def main(words: list[str]) -> int:
    """Sends one request, prints the answer, and gives the exit status."""
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(HELP)
        return 0
    request: dict[str, object] = {"do": words[0], "quick": "--quick" in words}
    rest = [each for each in words[1:] if each != "--quick"]
    if "--beta" in rest:
        at = rest.index("--beta")
        request["beta"] = rest[at + 1] if at + 1 < len(rest) else ""
        del rest[at : at + 2]
    if len(rest) != 1:
        sys.stderr.write(f"error: {words[0]} takes one file\n{HELP}")
        return 2
    try:
        request["source"] = Path(rest[0]).read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or problem
        sys.stderr.write(f"error: {rest[0]}: {why}\n")
        return 2
    desk = socket.socket(socket.AF_UNIX)
    try:
        desk.connect(str(Path(__file__).resolve().parent.parent / ".desk"))
    except OSError:
        sys.stderr.write("error: the round is over\n")
        return 4
    with desk, desk.makefile("rwb") as stream:
        stream.write(json.dumps(request).encode() + b"\n")
        stream.flush()
        answer = json.loads(stream.readline() or b'{"text": "the round is over", "status": 4}')
    (sys.stderr if answer["status"] else sys.stdout).write(f"{answer['text']}\n")
    return int(answer["status"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

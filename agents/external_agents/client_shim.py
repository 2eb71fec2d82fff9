"""The ``rheostat`` of an agent: it asks the evaluation server of its round.

It uses the standard library only, because it is copied into a working directory.
"""

import json
import socket
import sys
from pathlib import Path

HELP = """\
rheostat check FILE                  check a program and list its errors
rheostat sweep FILE... [--quick]     objective and curve of one or more programs
rheostat compare FILE [OTHER]        paired gain over the best so far, or over OTHER, by question
rheostat profile FILE --beta BETA    what each line does
rheostat explore                     what simple evidence about an answer is worth
"""


def main(words: list[str]) -> int:
    """Send one request, print the answer, and return the exit status."""
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(HELP)
        return 0
    request: dict[str, object] = {"do": words[0], "quick": "--quick" in words}
    rest = [each for each in words[1:] if each != "--quick"]
    if "--beta" in rest:
        at = rest.index("--beta")
        request["beta"] = rest[at + 1] if at + 1 < len(rest) else ""
        del rest[at : at + 2]
    most = {"sweep": 100, "compare": 2, "explore": 0}.get(words[0], 1)
    if len(rest) > most or (most and not rest):
        wanted = ("no file", "one file")[most] if most < 2 else f"1 to {most} files"
        sys.stderr.write(f"error: {words[0]} takes {wanted}\n{HELP}")
        return 2
    sources = []
    for name in rest:
        try:
            sources.append(Path(name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            why = getattr(problem, "strerror", None) or problem
            sys.stderr.write(f"error: {name}: {why}\n")
            return 2
    request["source"] = sources[0] if sources else ""
    request["others"] = sources[1:]
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

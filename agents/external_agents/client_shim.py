"""The client shim: an agent's ``rheostat``, which queries the evaluation server of its round.

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


def main(arguments: list[str]) -> int:
    """Send one request, print the reply, and return the exit status."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(HELP)
        return 0
    request: dict[str, object] = {"do": arguments[0], "quick": "--quick" in arguments}
    files = [argument for argument in arguments[1:] if argument != "--quick"]
    if "--beta" in files:
        position = files.index("--beta")
        request["beta"] = files[position + 1] if position + 1 < len(files) else ""
        del files[position : position + 2]
    most = {"sweep": 100, "compare": 2, "explore": 0}.get(arguments[0], 1)
    if len(files) > most or (most and not files):
        expected = ("no file", "one file")[most] if most < 2 else f"1 to {most} files"
        sys.stderr.write(f"error: {arguments[0]} takes {expected}\n{HELP}")
        return 2
    sources = []
    for name in files:
        try:
            sources.append(Path(name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or problem
            sys.stderr.write(f"error: {name}: {reason}\n")
            return 2
    request["source"] = sources[0] if sources else ""
    request["others"] = sources[1:]
    server = socket.socket(socket.AF_UNIX)
    try:
        server.connect(str(Path(__file__).resolve().parent.parent / ".desk"))
    except OSError:
        sys.stderr.write("error: the round is over\n")
        return 4
    with server, server.makefile("rwb") as stream:
        stream.write(json.dumps(request).encode() + b"\n")
        stream.flush()
        answer = json.loads(stream.readline() or b'{"text": "the round is over", "status": 4}')
    (sys.stderr if answer["status"] else sys.stdout).write(f"{answer['text']}\n")
    return int(answer["status"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

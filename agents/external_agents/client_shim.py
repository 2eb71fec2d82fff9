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
rheostat sweep FILE --set KNOB=VALUES [--set ...]
                                     figures of settings of a program with free knobs
rheostat compare FILE [OTHER]        paired gain over the best so far, or over OTHER, by question
rheostat profile FILE --beta BETA    what each line does
rheostat explore                     what simple evidence about an answer is worth
"""

MOST_FILES = {"sweep": 100, "compare": 2, "explore": 0}
"""Maximum number of programs of a command; others take one."""


def parse(arguments: list[str]) -> dict[str, object]:
    """Return the request of a command line, without the texts of its programs.

    Raises:
        ValueError: The command line is invalid.
    """
    files: list[str] = []
    settings: list[str] = []
    request: dict[str, object] = {"do": arguments[0], "settings": settings, "files": files}
    rest = iter(arguments[1:])
    for argument in rest:
        name, _, value = argument.partition("=")
        if name in ("--set", "--beta"):
            value = value or next(rest, "")
            if name == "--set":
                settings.append(value)
                continue
            try:
                request["beta"] = float(value)
            except ValueError:
                raise ValueError("--beta: give a number from 0 to 1") from None
        elif argument == "--quick":
            request["quick"] = True
        elif argument.startswith("-"):
            raise ValueError(f"{argument}: there is no such option")
        else:
            files.append(argument)
    most = MOST_FILES.get(arguments[0], 1)
    if len(files) > most or (most and not files):
        expected = ("no file", "one file")[most] if most < 2 else f"1 to {most} files"
        raise ValueError(f"{arguments[0]} takes {expected}")
    if settings and arguments[0] != "sweep":
        raise ValueError("--set: only sweep takes settings")
    return request


def read(files: list[str]) -> list[str]:
    """Return the texts of programs.

    Raises:
        ValueError: A file cannot be read.
    """
    texts = []
    for name in files:
        try:
            texts.append(Path(name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or problem
            raise ValueError(f"{name}: {reason}") from None
    return texts


def main(arguments: list[str]) -> int:
    """Send one request, print the reply, and return the exit status."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(HELP)
        return 0
    try:
        request = parse(arguments)
        sources = read(request.pop("files"))  # type: ignore[arg-type]
    except ValueError as problem:
        sys.stderr.write(f"error: {problem}\n")
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

"""Runs the examples of the documentation and compares what they print.

A fence marked ``console`` is a terminal session: ``$ `` begins a command, ``> `` goes on with it,
and everything else is what it prints, stdout and stderr together. ``...`` stands for anything
within a line, and alone on a line for any number of lines. A command that is meant to fail ends
with a line such as ``[exit status 2]``. The commands of a page run in order, each in a new bash,
all in one empty directory. Examples that must not be run are fenced as ``sh`` or ``text``.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
FENCE = "```"
STATUS = re.compile(r"\[exit status (\d+)\]")
SECONDS = 120


class Example(NamedTuple):
    """One command of a page, and what it is said to print."""

    line: int
    command: str
    output: str
    status: int


def examples(text: str) -> Iterator[Example]:
    """The examples of a page, in order."""
    block: list[tuple[int, str]] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if block is not None and line.startswith(FENCE):
            yield from session(block)
            block = None
        elif block is not None:
            block.append((number, line))
        elif line.strip() == f"{FENCE}console":
            block = []
    assert block is None, "a console fence is not closed"


def session(block: list[tuple[int, str]]) -> Iterator[Example]:
    """The examples of one fence."""
    starts = [at for at, (_, line) in enumerate(block) if line.startswith("$ ")]
    assert starts[:1] == [0], f"line {block[0][0]}: a console fence begins with `$ `"
    for start, end in zip(starts, [*starts[1:], len(block)], strict=True):
        number, first = block[start]
        rest = [line for _, line in block[start + 1 : end]]
        command = [first[2:]]
        while rest and (rest[0].startswith("> ") or rest[0] == ">"):
            command.append(rest.pop(0)[2:])
        status = 0
        if rest and (said := STATUS.fullmatch(rest[-1])):
            status = int(said[1])
            rest.pop()
        output = "".join(f"{line}\n" for line in rest)
        yield Example(number, "\n".join(command), output, status)


def matches(said: str, printed: str) -> bool:
    """Whether a command prints what the page says, ``...`` standing for anything."""
    pattern = ""
    for line in said.splitlines():
        if line == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.split("...")) + r"\n"
    return re.fullmatch(pattern, printed) is not None


def run(example: Example, directory: Path) -> None:
    """Runs one example in ``directory`` and fails where it does other than the page says."""
    kept = {name: os.environ[name] for name in ("TMPDIR", "SYSTEMROOT") if name in os.environ}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])
    surroundings = {
        "PATH": path, "HOME": str(directory), "LC_ALL": "C.UTF-8", "COLUMNS": "80",
        "NO_COLOR": "1", "TERM": "dumb",
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "-c", example.command],
        cwd=directory,
        env=kept | surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
    )
    printed = done.stdout.decode()
    printed += "\n" if printed and not printed.endswith("\n") else ""
    if done.returncode != example.status or not matches(example.output, printed):
        pytest.fail(
            f"line {example.line}: $ {example.command}\n"
            f"--- the page says (exit status {example.status})\n{example.output}"
            f"--- it does (exit status {done.returncode})\n{printed}",
            pytrace=False,
        )


PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if page.is_file() and f"{FENCE}console" in page.read_text(encoding="utf-8")
]


# The sample takes seconds to make, and each page makes its own.
COSTLY = [page for page in PAGES[1:] if "$ rheostat sample" in page.read_text(encoding="utf-8")]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.slow if page in COSTLY else (), id=name)
        for page in PAGES
        for name in [str(page.relative_to(ROOT))]
    ],
)
def test_the_examples_of_a_page_do_what_it_says(page: Path, tmp_path: Path) -> None:
    for example in examples(page.read_text(encoding="utf-8")):
        run(example, tmp_path)


PAGE = """
```sh
$ not run
```

```console
$ cat > names <<'END'
> one
> two
> END
$ cat names; echo three >&2
one
...
three
```

Words.

```console
$ ls na...; exit 2
[exit status 2]
```
"""


def test_commands_go_over_several_lines_and_fences_share_a_directory(tmp_path: Path) -> None:
    made, shown, listed = examples(PAGE)
    assert made == Example(7, "cat > names <<'END'\none\ntwo\nEND", "", 0)
    assert shown == Example(11, "cat names; echo three >&2", "one\n...\nthree\n", 0)
    assert listed.status == 2
    run(made, tmp_path)
    run(shown, tmp_path)


@pytest.mark.parametrize(
    ("said", "printed", "same"),
    [
        ("one\n", "one\n", True),
        ("one\n", "one\ntwo\n", False),
        ("one\n", "", False),
        ("a...z\n", "a to z\n", True),
        ("a...z\n", "a\nz\n", False),
        ("a\n...\nz\n", "a\nz\n", True),
        ("a\n...\nz\n", "a\nb\nc\nz\n", True),
        ("a.z\n", "abz\n", False),
    ],
)
def test_output_must_match_except_where_it_is_left_out(said: str, printed: str, same: bool) -> None:
    assert matches(said, printed) is same


@pytest.mark.parametrize(
    "example",
    [
        Example(1, "echo two", "one\n", 0),
        Example(1, "echo one; exit 3", "one\n", 0),
        Example(1, "echo one", "one\n", 2),
    ],
)
def test_a_wrong_example_fails(example: Example, tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="the page says"):
        run(example, tmp_path)


def test_a_fence_that_is_not_closed_is_noticed() -> None:
    with pytest.raises(AssertionError, match="not closed"):
        list(examples("```console\n$ ls\n"))

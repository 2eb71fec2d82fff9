"""Runs the examples of the documentation and compares what they print.

A fence marked ``console`` is a terminal session: ``$ `` begins a command of one line, and all else
is what it prints, stdout and stderr together. A command of several lines, such as a here document,
has a fence ``bash`` of its own without prompts, so that it can be copied and pasted; what it prints
is in a fence ``output`` right after it. ``...`` stands for anything within a line, and
alone on a line for any number of lines. A command that is meant to fail ends with a line such as
``[exit status 2]``. The commands of a page run in order, each in a new bash, all in one empty
directory. Examples that must not be run are fenced as ``sh`` or ``text``.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"(`{3,})(.*)")
STATUS = re.compile(r"\[exit status (\d+)\]")
SECONDS = 120


class Example(NamedTuple):
    """One command of a page, and what it is said to print."""

    line: int
    command: str
    output: str
    status: int


class Fence(NamedTuple):
    """A fenced block of a page."""

    line: int
    """The line of its first content."""
    language: str
    content: list[str]


def fences(text: str) -> Iterator[Fence]:
    """The fenced blocks of a page, in order."""
    block: Fence | None = None
    mark = ""
    for number, line in enumerate(text.splitlines(), start=1):
        opening = FENCE.fullmatch(line)
        if block is None and opening is not None:
            mark = opening[1]
            block = Fence(number + 1, opening[2].strip(), [])
        elif block is not None and line == mark:
            yield block
            block = None
        elif block is not None:
            block.content.append(line)
    assert block is None, f"the fence before line {block.line} is not closed"


def examples(text: str) -> Iterator[Example]:
    """The examples of a page, in order."""
    blocks = list(fences(text))
    for block, following in zip_longest(blocks, blocks[1:]):
        if block.language == "console":
            yield from session(block)
        elif block.language == "bash":
            has_output = following is not None and following.language == "output"
            output = following.content if following is not None and has_output else []
            yield example(block.line, "\n".join(block.content), output)


def session(block: Fence) -> Iterator[Example]:
    """The examples of one terminal session."""
    starts = [index for index, line in enumerate(block.content) if line.startswith("$ ")]
    assert starts[:1] == [0], f"line {block.line}: a console fence begins with `$ `"
    for start, end in zip(starts, [*starts[1:], len(block.content)], strict=True):
        command = block.content[start][2:]
        lines = command.endswith("\\") or "<<" in command
        assert not lines, f"line {block.line + start}: a command of several lines has its own fence"
        yield example(block.line + start, command, block.content[start + 1 : end])


def example(line: int, command: str, output: list[str]) -> Example:
    """One command, with the exit status that its output ends with."""
    match = STATUS.fullmatch(output[-1]) if output else None
    shown = output[:-1] if match else output
    text = "".join(f"{line}\n" for line in shown)
    return Example(line, command, text, int(match[1]) if match else 0)


def matches(message: str, printed: str) -> bool:
    """Whether a command prints what the page says, ``...`` standing for anything."""
    pattern = ""
    for line in message.splitlines():
        if line == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.split("...")) + r"\n"
    return re.fullmatch(pattern, printed) is not None


def run(example: Example, directory: Path) -> None:
    """Runs one example in ``directory`` and fails where it does other than the page says."""
    remaining = {name: os.environ[name] for name in ("TMPDIR", "SYSTEMROOT") if name in os.environ}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])
    surroundings = {
        "PATH": path, "HOME": str(directory), "LC_ALL": "C.UTF-8", "COLUMNS": "80",
        "NO_COLOR": "1", "TERM": "dumb",
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "-c", example.command],
        cwd=directory,
        env=remaining | surroundings,
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
    if page.is_file() and list(examples(page.read_text(encoding="utf-8")))
]


# The sample takes seconds to make, and each page makes its own.
COSTLY = [page for page in PAGES if "$ rheostat sample" in page.read_text(encoding="utf-8")]


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

```bash
cat > names <<'END'
one
two
END
```

```console
$ cat names; echo three >&2
one
...
three
```

Words.

```bash
ls na... \\
    nowhere
```

```output
...
[exit status 2]
```
"""


def test_commands_of_several_lines_can_be_pasted_and_fences_share_a_directory(
    tmp_path: Path,
) -> None:
    creation, shown, listed = examples(PAGE)
    assert creation == Example(7, "cat > names <<'END'\none\ntwo\nEND", "", 0)
    assert shown == Example(14, "cat names; echo three >&2", "one\n...\nthree\n", 0)
    assert listed == Example(23, "ls na... \\\n    nowhere", "...\n", 2)
    for text in (creation, shown, listed):
        run(text, tmp_path)


@pytest.mark.parametrize("page", sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]))
def test_a_block_of_a_page_has_no_prompts_between_its_lines(page: Path) -> None:
    lines = [
        f"{block.line + index}: {line}"
        for block in fences(page.read_text(encoding="utf-8"))
        if block.language in ("console", "bash", "sh")
        for index, line in enumerate(block.content)
        if line == ">" or line.startswith("> ")
    ]
    assert lines == []


def test_a_command_of_several_lines_is_refused_in_a_session() -> None:
    for text in ("$ ls \\\n", "$ cat <<'END'\none\nEND\n"):
        with pytest.raises(AssertionError, match="has its own fence"):
            list(examples(f"```console\n{text}```\n"))


@pytest.mark.parametrize(
    ("message", "printed", "same"),
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
def test_output_must_match_except_where_it_is_left_out(
    message: str, printed: str, same: bool
) -> None:
    assert matches(message, printed) is same


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

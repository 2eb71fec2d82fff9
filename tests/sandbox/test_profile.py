"""A profile of a controller in Python: what each of its lines did."""

import json
from pathlib import Path
from typing import Any

from tests.command_lines import CommandLine

ON = ("--on", "one.recording", "--beta", "0.5", "--seeds", "2", "--json")
COUNTED = """\
def controller(episode, beta):
    \"\"\"Counts.\"\"\"
    total = 0
    for number in range(3):
        total += number; total -= 0
        if number > 5:
            total = 99
    episode.sample(2)
    best = [
        branch
        for branch in episode.finished
    ]
    if best:
        return best[0].answer
    return None
"""


def profile(cli: CommandLine, name: str) -> dict[str, Any]:
    result = cli("profile", name, *ON)
    assert result.status == 0, result.err
    [found] = json.loads(result.out)["profiles"]
    return dict(found)


def test_it_has_the_figures_of_its_twin_in_rheo(cli: CommandLine, python_home: Path) -> None:
    python, rheo = (profile(cli, name) for name in ("mine.py", "cmc"))
    for name in ("episodes", "right", "tokens", "sequential", "hindsight", "majority"):
        assert python[name] == rheo[name], name
    assert sum(line["tokens"] for line in python["lines"]) == python["tokens"]
    assert sum(line["ended"] for line in python["lines"]) == python["episodes"]


def test_each_line_is_counted_as_often_as_it_ran(cli: CommandLine, python_home: Path) -> None:
    (python_home / "counted.py").write_text(COUNTED)
    result = profile(cli, "counted.py")
    episodes = result["episodes"]
    runs = {line["line"]: line["runs"] // episodes for line in result["lines"]}
    # The docstring does nothing; a loop runs once, its body three times; the 7th line never.
    expected = {1: 1, 2: 0, 3: 1, 4: 1, 5: 3, 6: 3, 7: 0, 8: 1, 9: 1, 10: 0, 13: 1, 14: 1, 15: 0}
    assert {line: runs[line] for line in expected} == expected
    ended = {line["line"]: line["ended"] for line in result["lines"] if line["ended"]}
    assert ended == {14: episodes}
    tokens = {line["line"]: line["tokens"] for line in result["lines"] if line["tokens"]}
    assert tokens == {8: result["tokens"]}


def test_a_page_names_the_engine_and_shows_the_source(cli: CommandLine, python_home: Path) -> None:
    result = cli("profile", "mine.py", *ON[:-1])
    assert result.status == 0, result.err
    assert "def controller(episode, beta):" in result.out
    assert "in hindsight" in result.out

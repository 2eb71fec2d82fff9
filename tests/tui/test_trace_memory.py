"""The memory that the trace screen shows, of episodes that are played."""

from pathlib import Path
from random import Random

from harness.engines import EpisodeRules
from harness.explanation.episode_trace import EpisodeTrace, MemoryState, trace_episode
from harness.request.plan import parse_plan
from tests.harness.random_environments import random_world
from tui.screens.trace_memory import describe_memory

PROGRAM = """needs logprob, certainty
controller c {
  memory { shares = window(3)  told = none }
  each branch {
    .turn   = 0
    .calm   = false
    .low    = 1e9 then min(.low, .logprob)
    .recent = window(2) of .certainty
  }
  start { open 3 }
  step at most 2 {
    update active { .turn = steps + 1  .calm = .streak > 0 }
    push share(alive) onto shares
    told = winner(alive)
    advance active
  }
  finally { answer if sum(.turn + .low + mean(.recent) of opened where .calm) > 0 then told else
    winner(alive) else none }
}
"""


def played(home: Path) -> EpisodeTrace:
    (home / "c.rheo").write_text(PROGRAM)
    plan = parse_plan("c.rheo", "0.5", (), EpisodeRules())
    world = random_world(Random(4).randrange)
    return trace_episode(plan, world, 0, 1)


def test_each_branch_has_a_row_with_its_fields_running_values_and_windows(home: Path) -> None:
    moment = played(home).barriers[-1]
    memory = moment.memory
    lines = describe_memory(memory, ()).plain.splitlines()
    heading = next(number for number, line in enumerate(lines) if line.startswith("branch"))
    assert lines[heading].split() == ["branch", ".turn", ".calm", ".low", ".recent"]
    rows = lines[heading + 1 :]
    assert len(rows) == len(memory.fields[".turn"]) > 1
    for branch, row in enumerate(rows):
        low, recent = memory.fields[".low"][branch], memory.branch_windows[".recent"][branch]
        assert isinstance(low, float)
        number, turn, calm, shown, values = row.split(maxsplit=4)
        assert (number, turn) == (str(branch), str(memory.fields[".turn"][branch]))
        assert calm == ("true" if memory.fields[".calm"][branch] else "false")
        assert float(shown) == float(f"{low:.6g}")
        assert values == f"[{', '.join(f'{value:.6g}' for value in recent)}]"
    assert any(line.startswith("shares = [") for line in lines[:heading])
    assert any(line.startswith("told = ") for line in lines[:heading])


def test_rows_of_branches_that_the_verb_acts_on_are_bold(home: Path) -> None:
    text = describe_memory(played(home).barriers[-1].memory, {1})
    bold = [text.plain[span.start : span.end] for span in text.spans if "bold" in str(span.style)]
    assert [row.split()[0] for row in bold] == ["1"]


def test_long_windows_and_answers_are_shortened() -> None:
    window = tuple(map(float, range(9)))
    memory = MemoryState(
        {"answer": None}, {"w": window}, {}, {".said": ("x" * 80,)}, {".recent": (window,)}
    )
    lines = describe_memory(memory, ()).plain.splitlines()
    assert lines[:2] == ["answer = none", "w = […, 3, 4, 5, 6, 7, 8]"]
    assert lines[3].split(maxsplit=2) == ["0", "x" * 23 + "…", "[…, 6, 7, 8]"]


def test_a_program_without_branch_values_has_no_rows() -> None:
    assert describe_memory(MemoryState({}, {}, {}, {}), {0}).plain == ""

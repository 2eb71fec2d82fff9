"""An agent that sets the knobs of a program template from the base rates of its brief.

Its rules are fixed. Without base rates, as under ``--feedback scalar``, it leaves the defaults of
the template, so the two runs differ in nothing but the evidence.
"""

import re
import sys
from pathlib import Path

TEMPLATE = Path(__file__).parents[4] / "agents/template_search/programs/finishers.rheo"

SCHEDULE = """\
  schedule {{
    rising n         = round(2 + 6 * beta)
    rising pool      = round(2 + 6 * beta)
    fixed  width     = 64
    rising allowance = 10000.0 * pow(60, beta)
    fixed  quorum    = 1
    rising level     = {level} + 0.1 * beta
    fixed  steepness = {steepness}
    fixed  support   = {support}
    fixed  patience  = {patience}
    fixed  relative  = 0.5
    fixed  straggler = 2.5
    fixed  scatter   = {scatter}
    fixed  doubt     = 8
  }}
"""

DEFAULTS = {"level": 0.85, "steepness": 1.0, "support": 0.3, "patience": 15, "scatter": 0.0}
"""Those of the template; `SCHEDULE` sets the other knobs in both cases."""


def read_mean(brief: str, pattern: str) -> float | None:
    """The mean over recordings of the figures in the first group of a pattern, if it is there."""
    result = re.search(pattern, brief, re.MULTILINE)
    if result is None:
        return None
    numbers = re.findall(r"[+-]?\d+(?:\.\d+)?(?=[^.\d]|$)", re.sub(r"\([^)]*\)", "", result[1]))
    return sum(map(float, numbers)) / len(numbers) if numbers else None


def choose_knobs(brief: str) -> dict[str, float]:
    """Settings that the base rates of a brief suggest; the defaults where it has none."""
    knobs: dict[str, float] = dict(DEFAULTS)

    def rate(pattern: str) -> float | None:
        return read_mean(brief, pattern)

    much = rate(r"earlier ones count much more: (.*)$")
    little = rate(r"earlier ones count a little more: (.*)$")
    if much is not None and little is not None:
        knobs["steepness"] = 2.0 if much > max(little, 0) else 1.0 if little > 0 else 0.0
    agreed = rate(r"^- 1 of 4 has finished, the others agree.*: right (.*); more")
    majority = rate(r"^- 1 of 4 has finished, the others agree.*; more (.*)$")
    if agreed is not None and majority is not None:
        knobs["support"] = 0.6 if agreed >= majority - 2 else 0.1
    for patience in (4, 8, 16):
        line = rf"^- An unfinished branch after {patience} intervals of dissent"
        dissenter, leader = (
            rate(rf"{line}.*: right (.*); the leader"),
            rate(rf"{line}.*; the leader (.*); tokens"),
        )
        if dissenter is not None and leader is not None and 4 * dissenter <= leader:
            knobs["patience"] = patience
            break
    pair = rate(r"^- 2 finished, votes 2:0.*: right (.*); more")
    if pair is not None:
        knobs["level"] = 0.7 if pair >= 85 else 0.85
    scattered = rate(r"never right: .*?whose leader has (.*?) % of the votes")
    if scattered is not None:
        knobs["scatter"] = round(0.8 * scattered / 100, 2)
    return knobs


def write_program(knobs: dict[str, float]) -> str:
    """The template with a schedule in place of its knobs."""
    template = TEMPLATE.read_text(encoding="utf-8")
    schedule = SCHEDULE.format(**knobs)
    return re.sub(r"  knobs \{.*?\n  \}\n", lambda _: schedule, template, flags=re.DOTALL)


def main() -> None:
    sys.stdin.read()
    knobs = choose_knobs(Path("brief.md").read_text(encoding="utf-8"))
    Path("candidate.rheo").write_text(write_program(knobs), encoding="utf-8")
    Path("reasons.md").write_text(f"Chosen from the base rates: {knobs}.", encoding="utf-8")


if __name__ == "__main__":
    main()

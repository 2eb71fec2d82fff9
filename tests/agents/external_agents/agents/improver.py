"""An agent that reads the brief, tries some constants by the desk, and leaves the best program."""

import json
import re
import subprocess
import sys
from pathlib import Path


def worth(source: str) -> float:
    """The objective, as the desk tells it; very little for what does not check."""
    Path("trial.rheo").write_text(source)
    result = subprocess.run(
        ["rheostat", "sweep", "trial.rheo", "--quick"], capture_output=True, text=True, check=False
    )
    found = re.match(r"objective ([\d.-]+)", result.stdout)
    return float(found[1]) if found else -1e9


def main() -> None:
    prompt = sys.stdin.read()
    assert "candidate.rheo" in prompt
    brief = Path("brief.md").read_text()
    name = re.search(r"The best (?:so far|baseline) is `([\w-]+)`", brief)
    assert name is not None, brief
    source = Path("history", f"{name[1]}.rheo").read_text()
    source = source.replace("runner_up(finished)", "winner(finished)")
    source = re.sub(r"knobs \{[^}]*\}", "schedule { rising n = round(1 * pow(TOP, beta)) }", source)
    trials = [source.replace("TOP", str(top)) for top in (2, 4, 8, 12)]
    best = max(trials, key=worth)
    Path("candidate.rheo").write_text(best)
    profile = subprocess.run(
        ["rheostat", "profile", "candidate.rheo", "--beta", "1"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "tokens" in profile, profile
    Path("reasons.md").write_text(f"The winner in place of the runner-up, from {name[1]}.")
    Path("usage.json").write_text(json.dumps({"tokens_in": 70, "tokens_out": 7, "usd": 0.25}))


main()

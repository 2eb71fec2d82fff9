"""Bayesian optimisation over trials, where its package is installed: `make test-slow` does it."""

import json

import pytest

from tests.command_lines import CommandLine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_bayes_respects_the_budget_and_repeats_no_trial(cli: CommandLine) -> None:
    pytest.importorskip("optuna")
    pytest.importorskip("torch")
    words = ["--budget", "1800", "--trials", "12", "--seed", "0", "--proposer", "bayes"]
    result = cli("allocate", *words, "--json")
    assert result.status == 0, result.err
    trials = json.loads(result.out)["trials"]
    assert len({json.dumps(trial["stages"]) for trial in trials}) == 12
    assert all(trial["cost"] <= 1800 for trial in trials)
    assert "the process" in [trial["words"] for trial in trials]

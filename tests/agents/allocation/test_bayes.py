"""Bayesian optimisation over trials, where its package is installed: `make test-slow` does it."""

import json

import pytest

from tests.command_lines import CommandLine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_bayes_searches_within_the_budget_and_tries_nothing_twice(cli: CommandLine) -> None:
    pytest.importorskip("optuna")
    pytest.importorskip("torch")
    words = ["--budget", "1800", "--trials", "12", "--seed", "0", "--proposer", "bayes"]
    said = cli("allocate", *words, "--json")
    assert said.status == 0, said.err
    trials = json.loads(said.out)["trials"]
    assert len({json.dumps(each["stages"]) for each in trials}) == 12
    assert all(each["cost"] <= 1800 for each in trials)
    assert "the process" in [each["words"] for each in trials]

"""Signals of the server's log-probabilities, beside plain versions of their definitions."""

import asyncio
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from store.answers.equivalence import Exact
from store.answers.extraction import Boxed
from store.collection.chains import Chain
from store.collection.draw_requests import DrawSettings, ProbeSettings
from store.collection.probing import AnswerRules, ProbeResult, make_branch
from store.collection.served_signals import (
    LOWEST_GROUP,
    MEAN_LOGPROB,
    P_TRUE,
    SELF_CERTAINTY,
    ServedSignals,
    read_declarations,
    self_certainty,
)
from store.collection.settings import Settings, make_provenance
from store.collection.truth_probe import TruthQuestion
from store.forcing import Forcing
from store.records import Branch, Question
from store.serving.engine import Served
from store.signals import signal_fault

SETTINGS = Settings(
    benchmark="b",
    drawing=DrawSettings(interval=2, max_tokens=9, logprobs=True),
    probing=ProbeSettings(max_tokens=8),
    forcing=Forcing(end="", ask="", mark=""),
    served=ServedSignals(self_certainty=True),
)
EVEN, SURE = [math.log(0.5)] * 2, [math.log(0.75), math.log(0.25)]


def divergence(probabilities: list[float]) -> float:
    """KL(uniform, probabilities), by its definition."""
    share = 1 / len(probabilities)
    return sum(share * math.log(share / probability) for probability in probabilities)


def lowest_group(logprobs: list[float], tokens: int) -> float:
    """The lowest mean of so many log-probabilities in a row, or of all where there are fewer."""
    groups = [logprobs[i : i + tokens] for i in range(len(logprobs) - tokens + 1)] or [logprobs]
    return min(statistics.fmean(group) for group in groups)


def made(chain: Chain, settings: Settings, probes: int = 0) -> Branch:
    """The branch of a chain."""
    reading, question = AnswerRules(Boxed(), Exact()), Question(id="q", gold="7")
    probed = [ProbeResult("7", 1, None)] * probes
    return asyncio.run(make_branch(chain, probed, question, settings, reading))


@pytest.mark.parametrize("probabilities", [[0.25] * 4, [0.7, 0.2, 0.1], [0.9, 0.05, 0.04, 0.01]])
def test_self_certainty_is_the_divergence_from_uniform(probabilities: list[float]) -> None:
    found = self_certainty([math.log(probability) for probability in probabilities])
    assert found == pytest.approx(divergence(probabilities))


def test_a_branch_has_the_mean_self_certainty_of_each_interval() -> None:
    chain = Chain([1, 2, 3], "7", "stop", 0, [-0.5] * 3, [EVEN, SURE, SURE])
    sure = divergence([0.75, 0.25])
    assert made(chain, SETTINGS).signals[SELF_CERTAINTY] == pytest.approx([sure / 2, sure])
    without = replace(SETTINGS, served=ServedSignals())
    assert made(chain, without).signals == {}


@given(
    logprobs=st.lists(st.floats(-30, 0), min_size=1, max_size=30),
    interval=st.integers(1, 8),
    group=st.integers(1, 12),
)
def test_mean_and_lowest_group_are_those_of_all_tokens_so_far(
    logprobs: list[float], interval: int, group: int
) -> None:
    settings = replace(
        SETTINGS,
        drawing=replace(SETTINGS.drawing, interval=interval),
        served=ServedSignals(mean_logprob=True, lowest_group=group),
    )
    chain = Chain([1] * len(logprobs), "7", "stop", 0, logprobs, [EVEN] * len(logprobs))
    signals = made(chain, settings).signals
    ends = [*range(interval, len(logprobs), interval), len(logprobs)]
    so_far = [logprobs[:end] for end in ends]
    assert signals[MEAN_LOGPROB] == pytest.approx([statistics.fmean(part) for part in so_far])
    lowest = [lowest_group(part, group) for part in so_far]
    assert signals[LOWEST_GROUP] == pytest.approx(lowest, rel=1e-9, abs=1e-12)


ALL = ServedSignals(
    self_certainty=True,
    mean_logprob=True,
    lowest_group=512,
    truth=TruthQuestion(ask="So is {answer} true?", word="yes"),
)


def test_the_provenance_declares_what_branches_have() -> None:
    settings = replace(SETTINGS, served=replace(ALL, truth=None))
    chain = Chain([1, 2, 3], "7", "stop", 0, [-0.5] * 3, [EVEN, SURE, SURE])
    provenance = make_provenance(settings, Served("m", 4096, "0.32.0"))
    assert list(provenance.signals) == [LOWEST_GROUP, MEAN_LOGPROB, SELF_CERTAINTY]
    assert signal_fault(made(chain, settings, probes=1), provenance.signals) is None
    without = replace(SETTINGS, served=ServedSignals())
    assert make_provenance(without, Served("m", 4096, "0.32.0")).signals == {}


def test_declarations_state_meaning_unit_direction_and_settings() -> None:
    declared = ALL.declare()
    assert all(signal.meaning and signal.direction == "higher" for signal in declared.values())
    assert {name: signal.unit for name, signal in declared.items()} == {
        SELF_CERTAINTY: "nats", MEAN_LOGPROB: "nats", LOWEST_GROUP: "nats", P_TRUE: "probability",
    }  # fmt: skip
    assert declared[P_TRUE].scope == "branch"
    assert declared[LOWEST_GROUP].settings == {"tokens": 512}
    assert declared[P_TRUE].settings == {"ask": "So is {answer} true?", "word": "yes"}


def test_settings_are_read_back_from_declarations() -> None:
    assert read_declarations(ALL.declare()) == ALL
    assert read_declarations({}) == ServedSignals()

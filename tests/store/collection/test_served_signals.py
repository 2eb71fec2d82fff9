"""Self-certainty: the divergence of the next token from uniform, over the likeliest tokens."""

import asyncio
import math

import pytest
from msgspec.structs import replace

from store.answers.equivalence import Exact
from store.answers.extraction import Boxed
from store.collection.chains import Chain
from store.collection.draw_requests import DrawSettings, ProbeSettings
from store.collection.probing import AnswerRules, ProbeResult, make_branch
from store.collection.served_signals import SELF_CERTAINTY, self_certainty
from store.collection.settings import Settings, make_provenance
from store.forcing import Forcing
from store.records import Question
from store.serving.engine import Served
from store.signals import signal_fault

SETTINGS = Settings(
    benchmark="b",
    drawing=DrawSettings(interval=2, max_tokens=9, logprobs=True),
    probing=ProbeSettings(max_tokens=8),
    forcing=Forcing(end="", ask="", mark=""),
    self_certainty=True,
)
EVEN, SURE = [math.log(0.5)] * 2, [math.log(0.75), math.log(0.25)]


def divergence(chances: list[float]) -> float:
    """KL(uniform, chances), by its definition."""
    share = 1 / len(chances)
    return sum(share * math.log(share / chance) for chance in chances)


@pytest.mark.parametrize("chances", [[0.25] * 4, [0.7, 0.2, 0.1], [0.9, 0.05, 0.04, 0.01]])
def test_self_certainty_is_the_divergence_from_uniform(chances: list[float]) -> None:
    found = self_certainty([math.log(chance) for chance in chances])
    assert found == pytest.approx(divergence(chances))


def test_a_branch_has_the_mean_over_each_interval() -> None:
    top = [EVEN, SURE, SURE]
    chain = Chain([1, 2, 3], "7", "stop", 0, [-0.5] * 3, top)
    reading, question = AnswerRules(Boxed(), Exact()), Question(id="q", gold="7")
    branch = asyncio.run(make_branch(chain, [], question, SETTINGS, reading))
    sure = divergence([0.75, 0.25])
    assert branch.signals[SELF_CERTAINTY] == pytest.approx([sure / 2, sure])
    without = replace(SETTINGS, self_certainty=False)
    assert asyncio.run(make_branch(chain, [], question, without, reading)).signals == {}


def test_the_provenance_declares_what_branches_have() -> None:
    chain = Chain([1, 2, 3], "7", "stop", 0, [-0.5] * 3, [EVEN, SURE, SURE])
    reading, question = AnswerRules(Boxed(), Exact()), Question(id="q", gold="7")
    probed = [ProbeResult("7", 1, None)]
    branch = asyncio.run(make_branch(chain, probed, question, SETTINGS, reading))
    provenance = make_provenance(SETTINGS, Served("m", 4096, "0.32.0"))
    assert list(provenance.signals) == [SELF_CERTAINTY]
    assert signal_fault(branch, provenance.signals) is None
    without = replace(SETTINGS, self_certainty=False)
    assert make_provenance(without, Served("m", 4096, "0.32.0")).signals == {}

"""Random decks, as odd as recordings can be, for the properties of replay."""

from hypothesis import strategies as st

from harness.mdp.replay import BranchPool, NamedSignal, ReplayChain

ANSWERS = st.sampled_from(["1", "2", "3", "ERR", ""])
SIGNAL = st.integers(0, 9).map(float)


@st.composite
def chains(draw: st.DrawFn, interval: int) -> ReplayChain:
    """P may be 0, and T below, at or far above what the probes span."""
    probes = draw(st.lists(ANSWERS, max_size=4))
    count = len(probes)
    whole = interval * draw(st.integers(0, count + 3))
    tokens = whole + draw(st.sampled_from([0, 0, 1, interval - 1]))
    entropy = draw(st.none() | st.lists(SIGNAL, min_size=count, max_size=count))
    logprob = draw(st.none() | st.lists(SIGNAL, min_size=count, max_size=count + 1))
    top = draw(st.none() | st.lists(SIGNAL, min_size=count, max_size=count + 1))
    named = {
        "reward": NamedSignal("branch", [draw(SIGNAL)]),
        "p_true": NamedSignal("probe", draw(st.lists(SIGNAL, min_size=count, max_size=count))),
        "certainty": NamedSignal(
            "interval", draw(st.lists(SIGNAL, min_size=max(1, count), max_size=count + 1))
        ),
    }
    return ReplayChain(
        probes, tokens, draw(ANSWERS), entropy, logprob, top, draw(st.booleans()),
        named if draw(st.booleans()) else {},
    )  # fmt: skip


@st.composite
def branch_pools(draw: st.DrawFn) -> BranchPool:
    interval = draw(st.sampled_from([1, 5, 10]))
    return BranchPool(draw(st.lists(chains(interval), min_size=1, max_size=6)), interval)

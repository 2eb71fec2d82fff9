"""The requests that draw and probe branches are pure functions of what is drawn."""

from hypothesis import given
from hypothesis import strategies as st

from store.collection import draw_requests
from store.collection.draw_requests import (
    DrawSettings,
    ProbeSettings,
    interval_seed,
    probe_count,
    question_seed,
)
from store.forcing import FAMILIES, ForcingTokens, find_tokens, guess_family

DRAWING = DrawSettings(interval=10, max_tokens=95, seed=5)
FORCED = ForcingTokens(end=(1, 2), ask=(7,), both=(1, 2, 7), mark=(2,))

counts = st.integers(1, 10**6)


@given(counts, counts)
def test_every_probe_has_a_prefix_of_its_own_and_the_end_is_never_probed(
    tokens: int, interval: int
) -> None:
    probes = probe_count(tokens, interval)
    assert probes * interval < tokens <= (probes + 1) * interval


def test_empty_chain_has_no_probes() -> None:
    assert probe_count(0, 10) == 0


def test_branches_can_be_requested_in_any_grouping() -> None:
    whole = draw_requests.request_branches([1, 2], "q", 0, 8, DRAWING)
    part = draw_requests.request_branches([1, 2], "q", 5, 2, DRAWING)
    assert whole.seed is not None
    assert (whole.seed, whole.n) == (question_seed(5, "q"), 8)
    assert part.seed == whole.seed + 5


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_seeds_are_distinct_and_do_not_overlap(base: int, branch: int, interval: int) -> None:
    seeds = {
        interval_seed(base, "q", branch, interval), interval_seed(base + 1, "q", branch, interval),
        interval_seed(base, "r", branch, interval), interval_seed(base, "q", branch + 1, interval),
        interval_seed(base, "q", branch, interval + 1), question_seed(base, "q"),
    }  # fmt: skip
    assert len(seeds) == 6
    assert all(0 <= seed < 1 << 62 for seed in seeds)


def test_seeds_never_change() -> None:
    assert question_seed(0, "aime24-00") == 2611052655331302661
    assert interval_seed(0, "aime24-00", 3, 2) == 3573985572974923751


def test_interval_requests_continue_the_tokens_up_to_the_cap() -> None:
    first = draw_requests.request_interval([1, 2], "q", 3, [], DRAWING)
    last = draw_requests.request_interval([1, 2], "q", 3, list(range(90)), DRAWING)
    assert list(first.prompt[0]) == [1, 2]
    assert list(last.prompt[0]) == [1, 2, *range(90)]
    assert (first.max_tokens, last.max_tokens) == (10, 5)
    assert first.seed == interval_seed(5, "q", 3, 0)
    assert last.seed == interval_seed(5, "q", 3, 9)


def test_probe_ends_thinking_only_if_it_is_open() -> None:
    asked = draw_requests.request_probes(
        [9], [[4, 4], [4, 2, 5]], FORCED, ProbeSettings(stop=["\n"])
    )
    assert [list(prompt) for prompt in asked.prompt] == [[9, 4, 4, 1, 2, 7], [9, 4, 2, 5, 7]]
    assert (asked.temperature, asked.seed, asked.logprobs) == (0.0, None, None)
    opened = draw_requests.request_openings([9], [[4, 4], [4, 2, 5]], FORCED)
    assert [list(prompt) for prompt in opened.prompt] == [[9, 4, 4, 1, 2], [9, 4, 2, 5]]
    assert (opened.max_tokens, opened.logprobs) == (1, 20)


def test_a_probe_can_be_constrained() -> None:
    asked = draw_requests.request_probes([9], [[4]], FORCED, ProbeSettings(choice=["A", "B"]))
    assert asked.structured_outputs is not None
    assert asked.structured_outputs.choice == ["A", "B"]


def test_prefixes_are_whole_intervals() -> None:
    found = draw_requests.list_prefixes(list(range(25)), 10)
    assert [len(prefix) for prefix in found] == [10, 20]
    assert [len(prefix) for prefix in draw_requests.list_prefixes(list(range(20)), 10)] == [10]


def test_family_is_detected_from_the_model_name() -> None:
    assert guess_family("Qwen/Qwen3-8B") == "think"
    assert guess_family("openai/gpt-oss-20b") == "harmony"
    assert guess_family("meta-llama/Llama-3.1-8B-Instruct") == "plain"
    assert guess_family("mystery") is None
    assert all(words.ask.endswith("\\boxed{") for words in FAMILIES.values())


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3), min_size=1, max_size=3))
def test_find_tokens_returns_the_first_match(tokens: list[int], part: list[int]) -> None:
    places = [index for index in range(len(tokens)) if tokens[index : index + len(part)] == part]
    assert find_tokens(tokens, part) == (places[0] if places else None)

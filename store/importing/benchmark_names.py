"""Name by which benchmarks and models are distinguished."""

import re

_BENCHMARK = re.compile(
    r"(?:aime|hmmt|brumo|smt|cmimc|amc|gpqa|gsm8?k|gsm|mgsm|mmlu|arc|aqua|bbh|bigbenchhard|"
    r"olympiad|minerva|livecodebench|lcb|humaneval|mbpp|imo|usamo|putnam|omnimath|deepmath|"
    r"polymath|theoremqa|commonsenseqa|strategyqa|hellaswag|truthfulqa|winogrande|svamp|asdiv|"
    r"multiarith|beyondaime|apex|hle|simpleqa|supergpqa|scibench|math(?=\d|$|test|train|level|l\d))"
    r"[a-z0-9]*"
)
_MODEL = re.compile(
    r"(?<![a-z0-9.])\d+(?:\.\d+)?x?\d*[bm](?![a-z0-9])|"
    r"^(?:qwen|qwq|llama|meta|mistral|mixtral|magistral|gemma|gemini|gpt|o[1-9](?![a-z])|claude|"
    r"deepseek|phi|skywork|openthinker|s1|olmo|nemotron|glm|kimi|grok|yi|falcon|granite|smollm|"
    r"intern|marco|sky-?t1|seed|ministral|minimax|acereason|polaris|nvidia|exaone|hunyuan|ernie)",
    re.IGNORECASE,
)


def is_benchmark(name: str) -> bool:
    """Whether a name is that of a known benchmark: ``AIME-2024``, ``gpqa_diamond``, ``math500``."""
    folded = re.sub(r"[^a-z0-9]", "", name.casefold())
    return _BENCHMARK.fullmatch(folded) is not None and not is_model(name)


def is_model(name: str) -> bool:
    """Return whether a name resembles that of a model: it has a size, or starts with a family."""
    return _MODEL.search(name) is not None

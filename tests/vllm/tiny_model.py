"""Makes a tiny language model that writes programs: run by the Python that has vLLM.

    python tiny_model.py TEXTS FOLDER

Args:
    TEXTS: a JSON list of texts to learn, each of them short.
    FOLDER: where the model goes, as Hugging Face has it.
"""

import json
import random
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

CONTEXT = 24576
"""Tokens of a prompt and its reply."""

STEPS, BATCH, LENGTH, BEFORE = 160, 8, 320, 64
"""Steps of training, texts in each, tokens of each, and tokens of noise that go before."""

TEMPLATE = (
    "{% for message in messages %}{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<reply>{% endif %}"
)


def tokenizer(texts: list[str]) -> PreTrainedTokenizerFast:
    """A byte-pair encoder of the texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1024,
        special_tokens=["<end>", "<reply>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<end>", pad_token="<end>", chat_template=TEMPLATE
    )


def main(source: Path, target: Path) -> None:
    """Trains on the texts behind noise, anywhere in the context."""
    torch.manual_seed(0)
    # On a busy machine two threads wait for each other many times as long.
    torch.set_num_threads(1)
    chance = random.Random(0)
    texts = json.loads(source.read_text())
    words = tokenizer(texts)
    config = Qwen3Config(
        vocab_size=len(words), hidden_size=128, intermediate_size=256, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=2, head_dim=64,
        max_position_embeddings=CONTEXT, tie_word_embeddings=True,
        eos_token_id=words.eos_token_id, bos_token_id=None, pad_token_id=words.eos_token_id,
    )  # fmt: skip
    model = Qwen3ForCausalLM(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=STEPS)
    reply = words.convert_tokens_to_ids("<reply>")
    encoded = [words(text)["input_ids"] + [words.eos_token_id] for text in texts]
    encoded = [tokens for tokens in encoded if len(tokens) <= LENGTH]
    for step in range(STEPS):
        rows, labels, places = [], [], []
        for _ in range(BATCH):
            text = chance.choice(encoded)
            noise = [chance.randrange(len(words)) for _ in range(BEFORE)]
            row = [*noise, reply, *text]
            row += [words.eos_token_id] * (BEFORE + 1 + LENGTH - len(row))
            rows.append(row)
            label = [-100] * (BEFORE + 1) + text
            labels.append(label + [-100] * (len(row) - len(label)))
            begin = chance.randrange(CONTEXT - len(row))
            places.append(list(range(begin, begin + len(row))))
        loss = model(
            input_ids=torch.tensor(rows), labels=torch.tensor(labels),
            position_ids=torch.tensor(places),
        ).loss  # fmt: skip
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        rate.step()
        if step % 100 == 0 or step == STEPS - 1:
            sys.stderr.write(f"step {step}: loss {loss.item():.3f}\n")
    model.save_pretrained(target)
    words.save_pretrained(target)


main(Path(sys.argv[1]), Path(sys.argv[2]))

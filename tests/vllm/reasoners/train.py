"""Trains the tiny reasoners: run by the Python that has vLLM, from the top of the repository.

    .vllm/bin/python -m tests.vllm.reasoners.train small medium large

Writes each to a folder of its name beside this file, as Hugging Face has it. About ten minutes a
model on one core.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import torch
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from tests.vllm.reasoners.chains import CLOSING, FORCING, Habits, draw, held
from tests.vllm.reasoners.questions import MOST
from tests.vllm.reasoners.vocabulary import tokenizer

REPORTED = 50
"""Steps from one report to the next."""

CONTEXT = 1024
"""Tokens of a prompt and its chain."""

TOKENS = 3072
"""Tokens of a batch, with padding."""

EXTRACTING, PROBES = 0.3, 0.4
"""Shares of the texts: those that extract, and those cut anywhere and made to answer."""

VERDICT = 5.0
"""The weight of a verdict on two results, which is one token of a hundred."""

IGNORED = -100
"""The label of a token that nothing is learned from."""


class Plan(NamedTuple):
    """A model's size, its habits, and how long it is trained."""

    hidden: int
    inner: int
    layers: int
    heads: int
    habits: Habits
    steps: int
    rate: float


PLANS = {
    "small": Plan(48, 96, 2, 2, Habits(slips=0.34, misreads=0.15), steps=1800, rate=6e-3),
    "medium": Plan(64, 128, 3, 2, Habits(slips=0.25, misreads=0.08), steps=1200, rate=5e-3),
    "large": Plan(64, 384, 4, 2, Habits(slips=0.14, misreads=0.03), steps=1200, rate=4e-3),
}


class Row(NamedTuple):
    """A text to learn."""

    tokens: list[int]
    labels: list[int]


class Texts:
    """Texts to learn, drawn at random."""

    def __init__(self, words: PreTrainedTokenizerFast, habits: Habits, chance: Random) -> None:
        self.words, self.habits, self.chance = words, habits, chance
        self.forcing = self.encoded(FORCING)

    def encoded(self, text: str) -> list[int]:
        found: list[int] = self.words(text)["input_ids"]
        return found

    def row(self, most: int) -> Row:
        """A chain of at most so many digits: whole, or cut anywhere and made to answer."""
        chain = draw(self.habits, self.chance, most, EXTRACTING)
        message = {"role": "user", "content": chain.prompt}
        opened = self.words.apply_chat_template(
            [message], tokenize=False, add_generation_prompt=True
        )
        prompt, thought = self.encoded(opened), self.encoded(chain.thought)
        answer, known = chain.answer, len(self.forcing)
        if self.chance.random() < PROBES:
            thought = thought[: self.chance.randrange(len(thought) + 1)]
            answer, known = held(chain, self.words.decode(thought), self.chance), 0
        ending = [*self.encoded(answer + CLOSING), self.words.eos_token_id]
        labels = [IGNORED] * len(prompt) + thought
        labels += (self.forcing if known else [IGNORED] * len(self.forcing)) + ending
        return Row(prompt + thought + self.forcing + ending, labels)

    def batches(self, most: int) -> Iterator[list[Row]]:
        """Rows of like length, `TOKENS` in all."""
        while True:
            rows = sorted((self.row(most) for _ in range(256)), key=lambda row: len(row.tokens))
            groups: list[list[Row]] = [[]]
            for row in rows:
                if (len(groups[-1]) + 1) * len(row.tokens) > TOKENS:
                    groups.append([])
                groups[-1].append(row)
            self.chance.shuffle(groups)
            yield from groups


def padded(rows: list[list[int]], filling: int) -> torch.Tensor:
    """Rows of one length."""
    longest = max(map(len, rows))
    return torch.tensor([row + [filling] * (longest - len(row)) for row in rows])


def untrained(plan: Plan, words: PreTrainedTokenizerFast) -> Qwen3ForCausalLM:
    """A model as it starts."""
    config = Qwen3Config(
        vocab_size=len(words), hidden_size=plan.hidden, intermediate_size=plan.inner,
        num_hidden_layers=plan.layers, num_attention_heads=plan.heads,
        num_key_value_heads=plan.heads, head_dim=32, max_position_embeddings=CONTEXT,
        tie_word_embeddings=True, initializer_range=plan.hidden**-0.5,
        eos_token_id=words.eos_token_id, bos_token_id=None, pad_token_id=words.pad_token_id,
    )  # fmt: skip
    return Qwen3ForCausalLM(config)


def grown(model: Qwen3ForCausalLM, source: Path) -> None:
    """Gives a model what a smaller one knows; what it has more adds nothing at first.

    Args:
        model: of the same hidden size and heads.
        source: a model's folder; it may have fewer layers, and narrower ones.
    """
    known = Qwen3ForCausalLM.from_pretrained(source, dtype=torch.float32).state_dict()
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                weights.zero_()
            if name in known:
                rows, *columns = known[name].shape
                part = weights[:rows, : columns[0]] if columns else weights[:rows]
                part.copy_(known[name])


def trained(
    plan: Plan, words: PreTrainedTokenizerFast, source: Path | None = None
) -> Qwen3ForCausalLM:
    """A model as it ends, after texts of few digits and then of more.

    Args:
        plan: its size and its training.
        words: its tokenizer.
        source: the folder of a model from which it goes on.
    """
    texts = Texts(words, plan.habits, Random(0))
    torch.manual_seed(0)
    model = untrained(plan, words)
    if source is not None:
        grown(model, source)
    sys.stderr.write(f"{model.num_parameters():,} parameters\n")
    optimizer = torch.optim.AdamW(model.parameters(), lr=plan.rate, weight_decay=0.01)
    rate = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, plan.rate, total_steps=plan.steps, pct_start=0.1
    )
    short, whole = texts.batches(MOST // 2), texts.batches(MOST)
    weights = torch.ones(len(words))
    weights[words(" agree differ")["input_ids"]] = VERDICT
    began, sum_of_losses = time.monotonic(), 0.0
    for step in range(plan.steps):
        rows = next(short if step < plan.steps // 4 else whole)
        logits = model(input_ids=padded([row.tokens for row in rows], words.pad_token_id)).logits
        labels = padded([row.labels for row in rows], IGNORED)
        loss = cross_entropy(
            logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), weights, ignore_index=IGNORED
        )
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        rate.step()
        sum_of_losses += loss.item()
        if (step + 1) % REPORTED == 0:
            spent = time.monotonic() - began
            sys.stderr.write(
                f"{step + 1} steps: loss {sum_of_losses / REPORTED:.4f}, {spent:.0f} s\n"
            )
            sum_of_losses = 0.0
    return model


def main() -> None:
    """Trains the models that are named."""
    parser = argparse.ArgumentParser(description="Trains the tiny reasoners.")
    parser.add_argument("names", nargs="+", choices=PLANS)
    parser.add_argument("--into", type=Path, default=Path(__file__).parent)
    parser.add_argument("--source", type=Path, help="the folder of a model to go on from")
    parser.add_argument("--steps", type=int, help="steps of training, if not those of the plan")
    parser.add_argument("--rate", type=float, help="the highest rate, if not that of the plan")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    words = tokenizer()
    for name in asked.names:
        plan = PLANS[name]
        plan = plan._replace(steps=asked.steps or plan.steps, rate=asked.rate or plan.rate)
        model = trained(plan, words, asked.source).to(torch.bfloat16)
        model.save_pretrained(asked.into / name)
        words.save_pretrained(asked.into / name)


if __name__ == "__main__":
    main()

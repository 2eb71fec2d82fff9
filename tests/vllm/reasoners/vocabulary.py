"""The tokenizer that the tiny reasoners share: one token for each byte, and for each word they use.

Digits and tags are tokens of their own, so each line of a chain is the same number of tokens.
Any text can be encoded.
"""

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from tests.vllm.reasoners.chains import CLOSING, FORCING
from tests.vllm.reasoners.questions import ADD, EXTRACT

END, PAD = "<|im_end|>", "<|endoftext|>"

SPECIAL = [PAD, "<|im_start|>", END]
THOUGHT = ["<think>", "</think>"]
"""Tokens of their own that a server shows in its text, unlike the special ones."""

WORDS = [
    *("system\n", "user\n", "assistant\n", ADD, EXTRACT, FORCING, CLOSING),
    *("Wait\n", "1:1 agree\n", "1:2 differ\n"),
]
"""The texts whose words become tokens."""

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)
"""The chat template: it opens the assistant's turn with a thought."""


def tokenizer() -> PreTrainedTokenizerFast:
    """Makes the tokenizer."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1000,
        min_frequency=1,
        special_tokens=SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([word.replace(THOUGHT[1], "") for word in WORDS], trainer)
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in THOUGHT])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, pad_token=PAD, chat_template=TEMPLATE
    )

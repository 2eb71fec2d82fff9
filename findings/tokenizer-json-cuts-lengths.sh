#!/usr/bin/env bash
# Guess:    the number of ids that a tokenizer gives for a text is the text's length in tokens.
# Happens:  a tokenizer.json can carry a truncation and a padding of its own, left there by whoever
#           trained with it. tokenizers 0.23.3 applies both as soon as the file is loaded: a long
#           text is cut without a warning, and a short one is filled up.
# Matters:  token counts are the costs of test-time scaling. Counted so, long branches look cheap
#           and all branches equally long, and every curve of accuracy over tokens is wrong. Call
#           no_truncation() and no_padding() before counting.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check tokenizers==0.23.3
env/bin/python - <<'PY'
from importlib.metadata import version

from tokenizers import Tokenizer, models, pre_tokenizers

words = {word: number for number, word in enumerate(["[PAD]", "so", "then", "hence"])}
made = Tokenizer(models.WordLevel(words, unk_token="[PAD]"))
made.pre_tokenizer = pre_tokenizers.Whitespace()
made.enable_truncation(max_length=4)
made.enable_padding(length=4, pad_token="[PAD]", pad_id=0)
made.save("tokenizer.json")

loaded = Tokenizer.from_file("tokenizer.json")
texts = {"2 words": "so then", "9 words": "so then hence " * 3}
seen = {what: len(loaded.encode(text).ids) for what, text in texts.items()}
loaded.no_truncation()
loaded.no_padding()
counted = {what: len(loaded.encode(text).ids) for what, text in texts.items()}
print("tokenizers", version("tokenizers"))
print("as loaded:", seen)
print("without truncation and padding:", counted)
assert seen == {"2 words": 4, "9 words": 4}, seen
assert counted == {"2 words": 2, "9 words": 9}, counted
PY
# Seen:
#   tokenizers 0.23.3
#   as loaded: {'2 words': 4, '9 words': 4}
#   without truncation and padding: {'2 words': 2, '9 words': 9}

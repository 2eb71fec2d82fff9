"""Language models as proposers: prompts, parsing of replies, and cost."""

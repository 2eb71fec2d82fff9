"""Answer: how they are extracted from text, and when two of them are equal (docs/answers.md)."""

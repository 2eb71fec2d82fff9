"""The report of a run: what it found, held against what was there before, for people to judge."""

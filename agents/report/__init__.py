"""The report of a run: what it found, compared with earlier controllers, for review."""

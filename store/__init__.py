"""Recordings: their records, their file format, what imports and exports them, the sample."""

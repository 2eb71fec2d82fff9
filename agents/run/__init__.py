"""A run: one search, its directory, records and event log."""

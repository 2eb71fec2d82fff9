"""A run: one discovery, as a directory that explains itself."""

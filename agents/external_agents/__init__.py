"""Command-line agents as proposers: their scratch directory, their process, their desk."""

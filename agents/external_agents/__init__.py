"""Command-line agents: their working directory, process or container, and evaluation server."""

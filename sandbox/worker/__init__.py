"""The worker: code that runs inside a container, and its messages to the host."""

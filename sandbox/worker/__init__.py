"""The worker: what runs inside of a container, and the messages that it exchanges with the host."""

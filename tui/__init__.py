"""The terminal app: watch runs, understand decisions, approve and write controllers."""

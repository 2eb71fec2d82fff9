"""The entry point of ``rheostat``: signals are handled before anything heavy is imported."""

from harness.cli import termination


def run() -> int:
    """Run the command line and return its exit status."""
    try:
        termination.install()
        from harness.cli.main import main

        return main()
    except KeyboardInterrupt:
        # Before `main` nothing has begun, and what writes to stderr may not be loaded.
        return 143 if termination.is_terminated() else 130

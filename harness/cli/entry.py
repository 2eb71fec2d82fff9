"""The entry point of ``rheostat``: signals are handled before anything heavy is imported."""

from harness.cli import termination


def run() -> int:
    """Run the command line and return its exit status."""
    try:
        termination.install()
        from harness.cli.main import main

        return main()
    except KeyboardInterrupt:
        # Nothing has started before `main`, and the console may not be loaded: exit silently.
        return 143 if termination.is_terminated() else 130

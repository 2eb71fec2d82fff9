"""Where the program ``rheostat`` begins: nothing is imported before Ctrl-C is answered."""


def run() -> int:
    """Runs the command line and gives its exit status."""
    try:
        from harness.cli.main import main

        return main()
    except KeyboardInterrupt:
        # Before `main` nothing is begun, and what speaks on stderr may not be there yet.
        return 130

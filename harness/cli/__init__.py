"""The command line: one root command, and the conventions that all commands share."""

"""The sandbox's part of the command line."""

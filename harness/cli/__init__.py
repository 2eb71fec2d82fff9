"""The command line: one root command, and the manners that every command shares."""

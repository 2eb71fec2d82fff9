"""The text output of commands: tables, traces and profiles, built from results."""

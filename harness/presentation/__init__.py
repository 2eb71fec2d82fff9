"""Tables and terminal detection, independent of commands."""

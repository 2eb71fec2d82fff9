"""Tables and the terminal, without any command: how figures and text are laid out."""

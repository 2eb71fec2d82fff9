"""The commands of the command line itself, one module each, cheap to import."""

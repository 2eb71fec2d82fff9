"""The commands of a discovery."""

"""Data that the app shows, computed without any widget."""

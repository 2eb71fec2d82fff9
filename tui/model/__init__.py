"""What the app shows, worked out without any widget."""

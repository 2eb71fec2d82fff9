"""Screens of the app, one per task."""

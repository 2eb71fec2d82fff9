"""Recordings from a served model: what is asked of it, what is read off it, and the work of it."""

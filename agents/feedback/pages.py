"""The templates of briefs."""

from agents.pages import Pages

page = Pages("agents.feedback")
"""Fills in one of them."""

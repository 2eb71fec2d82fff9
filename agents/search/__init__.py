"""Evaluate candidates: play them over the search set, score and compare them."""

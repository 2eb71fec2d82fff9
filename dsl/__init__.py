"""Rheo, the policy language, and the episode seam that its programs act through."""

"""Recordings from a served model: requests, results, and the collector."""

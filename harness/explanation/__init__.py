"""Explain where tokens went: traces, line profiles, hindsight and recording statistics."""

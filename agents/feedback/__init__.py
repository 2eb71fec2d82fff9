"""Feedback for a round: where tokens were spent, what failed, and what hindsight shows."""

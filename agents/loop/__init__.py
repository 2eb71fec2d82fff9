"""The search loop as a graph: proposals, checks, replay, reviews and approvals."""

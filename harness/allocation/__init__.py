"""Allocation across stages: what one costs, which there are, and what plays them."""

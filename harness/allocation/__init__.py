"""Allocation across stages: costs, the space of allocations, and trial environments."""

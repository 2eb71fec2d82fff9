"""Evolve controllers: islands of programs that mutate, cross over, and survive by fitness.

This package knows programs and their scores, but no recordings.
"""

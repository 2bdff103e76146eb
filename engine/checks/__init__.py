"""Checks: whether an answer is what was expected of it."""

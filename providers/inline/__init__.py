"""Reasoning that comes inside the answer: the table of its tags and channels, and what takes it out."""

"""Calls of answers: what was called with what, whether that fits, and side by side."""

"""Answers of one shape: whether they fit, and their fields side by side."""

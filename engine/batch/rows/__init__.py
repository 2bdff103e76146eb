"""Rows of a batch: read, judged alone, and held against what they expect."""

"""Anthropic: the Messages API and its batches."""

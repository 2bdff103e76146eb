"""Calls beside those of a run: of judges, and those that put answers into their shape."""

"""Rows and results that lie in an object store, or in files that are no plain text."""

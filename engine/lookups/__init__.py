"""Reads that are no calls: what providers, price lists and local servers say without a prompt."""

"""The vendors, a folder each: their models, what they refuse and with which words, and their endpoints."""

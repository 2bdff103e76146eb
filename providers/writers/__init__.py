"""Stored turns into the messages of each wire: one pure module a wire."""

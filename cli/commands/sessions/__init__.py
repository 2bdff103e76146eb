"""Conversations: one file a command."""

"""Prompts that a configuration has under names."""

"""Mistral: chat completions with the thought in chunks of the content, and batch jobs."""

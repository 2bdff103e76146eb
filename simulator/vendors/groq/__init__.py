"""Groq: chat completions that show reasoning in a field or in tags."""

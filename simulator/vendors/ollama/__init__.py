"""Ollama, simulated."""

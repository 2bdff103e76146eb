"""OpenAI: the Responses API and Chat Completions."""
